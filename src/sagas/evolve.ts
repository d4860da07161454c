import type { z } from "zod";
import type { Saga, SagaFact } from "../kernel/index.ts";
import type { sagaEvents } from "./saga-events.ts";
import { type CallState, type SagaState, type StepState } from "./state.ts";

type Events = typeof sagaEvents.$events;
type DataOf<Name extends keyof Events> = z.output<Events[Name]>;
type Evolve = { readonly [Name in keyof Events & string]: (state: SagaState, event: { readonly data: DataOf<Name> }) => SagaState };

/** How an instance's state follows from its stream. */
export function evolveOf(saga: Saga): Evolve {
  return {
    Started: (state, { data: { version, data, at, deadline } }) => {
      const begun: SagaState = { ...state, status: "running", version, data, startedAt: at, ...(deadline !== undefined && { deadline }) };
      // What came before the beginning counts from here on.
      return { ...begun, data: state.facts.reduce((known: unknown, fact) => saga.evolve(known, fact), data) };
    },
    EventReceived: (state, { data: { key, fact } }) => {
      const next = { ...state, received: [...state.received, key], facts: [...state.facts, fact as SagaFact] };
      return state.status === "waiting" ? next : { ...next, data: saga.evolve(state.data, fact as SagaFact) };
    },
    StepStarted: (state, { data: { step, deadline, ...sent } }) =>
      put(state, step, { state: "running", ...begun(sent), ...(deadline !== undefined && { deadline }) }),
    CommandsAdded: (state, { data: { step, followed, commands, at } }) =>
      put(state, step, { followed, calls: [...(state.steps[step]?.calls ?? []), ...dueCalls(commands, at)] }),
    CallDone: (state, { data: { step, call, learned, accepted } }) => {
      const next = putCall(state, step, call, { state: "done" });
      const { command } = state.steps[step]?.calls[call] ?? {};
      if (accepted !== undefined && command !== undefined) return { ...next, data: saga.accepted(next.data, command, accepted) };
      return learned === undefined ? next : { ...next, data: { ...(next.data as object), ...learned } };
    },
    CallFailed: (state, { data: { step, call, error, due, isRejected = false } }) => {
      const before = state.steps[step] as StepState;
      const known = before.calls[indexOf(before, call)] as CallState;
      const now = due !== undefined ? "due" : isRejected ? "rejected" : "exhausted";
      const failedCall = { state: now, failures: known.failures + 1, error, ...(due !== undefined && { due }) } as const;
      return put(putCall(state, step, call, failedCall), step, { failures: before.failures + 1 });
    },
    StepDone: (state, { data: { step, at } }) => ({ ...put(state, step, { state: "done", endedAt: at }), finished: [...state.finished, step] }),
    StepSkipped: (state, { data: { step, reason } }) => unstuck(put(state, step, { state: "skipped", ...(reason !== undefined && { reason }) })),
    StepFailed: (state, { data: { step, reason, at } }) => put(state, step, { state: "failed", reason, endedAt: at }),
    UndoingStarted: (state, { data: { reason, cause } }) => ({ ...unstuck(state), status: "compensating", undoing: { reason, cause } }),
    StepUndoing: (state, { data: { step, ...sent } }) => put(state, step, { ...state.steps[step], state: "undoing", ...begun(sent) }),
    StepUndone: (state, { data: { step, at } }) => unstuck(put(state, step, { state: "undone", endedAt: at })),
    Stuck: (state, { data: { step, reason, at } }) => ({
      ...state,
      status: "stuck",
      stuck: { step, reason, was: state.status === "compensating" ? "compensating" : "running", at },
    }),
    StepRetried: (state, { data: { step, round, at } }) => {
      // Stuck as a whole, for want of its version: no step is tried again.
      if (state.steps[step] === undefined) return unstuck(state);
      const calls = state.steps[step].calls.map((call) =>
        call.state === "rejected" || call.state === "exhausted" ? { ...call, state: "due" as const, failures: 0, due: at } : call,
      );
      return unstuck(put(state, step, { round, calls }));
    },
    Completed: (state, { data: { at } }) => ended(state, "completed", at),
    Compensated: (state, { data: { at } }) => ended(state, "compensated", at),
    Cancelled: (state, { data: { at } }) => ended(state, "cancelled", at),
  };
}

const NEW_STEP: StepState = { state: "running", round: 1, calls: [], startedAt: "", failures: 0 };

function put(state: SagaState, step: string, change: Partial<StepState>): SagaState {
  return { ...state, steps: { ...state.steps, [step]: { ...NEW_STEP, ...state.steps[step], ...change } } };
}

function begun({ round, commands, hasCall, at }: Pick<DataOf<"StepStarted">, "round" | "commands" | "hasCall" | "at">): Partial<StepState> {
  return { round, startedAt: at, calls: [...dueCalls(commands, at), ...(hasCall ? [{ state: "due", failures: 0, due: at } as const] : [])] };
}

function dueCalls(commands: DataOf<"StepStarted">["commands"], at: string): readonly CallState[] {
  return commands.map((command) => ({ state: "due", failures: 0, due: at, command: command as NonNullable<CallState["command"]> }));
}

/** Where a call stands: the call beyond, -1, is the one without a command. */
export function indexOf({ calls }: Pick<StepState, "calls">, call: number): number {
  return call === -1 ? calls.findIndex(({ command }) => command === undefined) : call;
}

function putCall(state: SagaState, step: string, call: number, change: Partial<CallState>): SagaState {
  const known = state.steps[step];
  if (known === undefined) return state;
  const at = indexOf(known, call);
  return put(state, step, { calls: known.calls.map((before, index) => (index === at ? { ...before, ...change } : before)) });
}

/** Nobody is in its way any more: it goes on with what it was doing. */
function unstuck(state: SagaState): SagaState {
  if (state.stuck === undefined) return state;
  const { stuck, ...others } = state;
  return { ...others, status: stuck.was };
}

function ended(state: SagaState, status: SagaState["status"], at: string): SagaState {
  // What is over needs no facts any more; which events came stays known, so that none counts twice.
  return { ...unstuck(state), status, endedAt: at, facts: [] };
}
