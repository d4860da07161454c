import { z } from "zod";
import { type Decider, defineDecider, type NewFact, reject, type Saga } from "../kernel/index.ts";
import { evolveOf, indexOf } from "./evolve.ts";
import { nextEvent, startedEvent } from "./next-event.ts";
import { sagaEvents } from "./saga-events.ts";
import { isOver, NOT_BEGUN, type SagaState } from "./state.ts";

const fact = z.object({ type: z.string(), data: z.unknown(), id: z.string(), stream: z.string(), tenant: z.string(), recorded: z.string() });
const reason = z.string().min(1).max(1000);
/** Where somebody has seen it stuck: the step, and since when (RFC 3339). Left out, wherever it is. */
const seen = z.object({ step: z.string().optional(), at: z.string().optional() });

/** What is told to an instance. Only Start, Retry, Skip and Cancel are people's; the rest is the engine's. */
export const sagaCommands = {
  /** An event came; `key` is its own, so that it counts once. */
  Receive: z.object({ key: z.string(), fact }),
  /** What came of a call: of this step, in this round, after so many failures. */
  Report: z.object({
    step: z.string(),
    round: z.int(),
    call: z.int(),
    failures: z.int(),
    isUndoing: z.boolean(),
    outcome: z.enum(["done", "rejected", "failed"]),
    error: z.string().optional(),
    /** What a call beyond has found out. */
    learned: z.record(z.string(), z.unknown()).optional(),
    /** The code of the no that its command accepts. */
    accepted: z.string().optional(),
    /** When it is tried again; left out where its attempts are over. */
    due: z.string().optional(),
    durationMs: z.int().min(0).optional(),
  }),
  /** Time has passed. */
  Tick: z.object({}),
  Start: z.object({ data: z.unknown() }),
  Retry: seen,
  Skip: seen.extend({ reason }),
  Cancel: z.object({ reason }),
};

/** A command of an instance that this code cannot go on with has no steps to follow; what follows of one is bounded. */
const MOST_EVENTS = 1_000;

/** The aggregate that an instance of a saga is. */
export function sagaDecider(saga: Saga): Decider {
  const evolves = new Map([saga, ...saga.was].map((version) => [version.version, evolveOf(version)]));
  const evolve = evolveOf(saga);
  const decide =
    <Data>(first: (data: Data, state: SagaState, now: string) => readonly NewFact[] | ReturnType<typeof reject>) =>
    ({ data }: { readonly data: Data }, state: SagaState, { now }: { readonly now: string }) => {
      const begun = first(data, state, now);
      return Array.isArray(begun) ? follow(saga, state, begun as readonly NewFact[], now) : (begun as ReturnType<typeof reject>);
    };
  return defineDecider({
    category: saga.category,
    events: sagaEvents,
    commands: sagaCommands,
    initialState: () => NOT_BEGUN,
    evolve: Object.fromEntries(
      Object.keys(evolve).map((name) => {
        const step = name as keyof typeof evolve;
        return [name, (state: SagaState, event: { readonly data: never }) => (evolves.get(state.version) ?? evolve)[step](state, event)];
      }),
    ) as unknown as typeof evolve,
    decide: {
      Receive: decide(({ key, fact }: z.output<typeof sagaCommands.Receive>, state) =>
        state.received.includes(key) || isOver(state) ? [] : [sagaEvents.EventReceived({ key, fact })],
      ),
      Report: decide((report: z.output<typeof sagaCommands.Report>, state) => reported(report, state)),
      Tick: decide(() => []),
      Start: decide(({ data }: { readonly data?: unknown }, state, now) =>
        state.status === "waiting" ? [startedEvent(saga, data, now)] : reject("already_started", "There is an instance of this id already: choose another id."),
      ),
      Retry: decide((where: z.output<typeof seen>, { stuck, steps }, now) => {
        if (stuck === undefined) return reject("not_stuck", "Only an instance that is stuck can be retried.");
        if (!isSeen(where, stuck)) return stuckElsewhere(stuck);
        return [sagaEvents.StepRetried({ step: stuck.step, round: (steps[stuck.step]?.round ?? 0) + 1, at: now })];
      }),
      Skip: decide(({ reason, ...where }: z.output<typeof sagaCommands.Skip>, { stuck }, now) => {
        if (stuck === undefined) return reject("not_stuck", "Only the step of an instance that is stuck can be skipped.");
        if (!isSeen(where, stuck)) return stuckElsewhere(stuck);
        if (stuck.step === "") return reject("not_skippable", "It is stuck as a whole, not in one of its steps, so there is none to skip: retry or cancel it.");
        return [stuck.was === "running" ? sagaEvents.StepSkipped({ step: stuck.step, reason }) : sagaEvents.StepUndone({ step: stuck.step, at: now })];
      }),
      Cancel: decide(({ reason }: { readonly reason: string }, state, now) => {
        if (state.status === "waiting") return reject("no_such_instance", "There is no such instance: nothing has begun it.");
        if (isOver(state)) return reject("already_over", `The instance is ${state.status}: it is over, and there is nothing to cancel.`);
        if (state.undoing !== undefined) return reject("already_compensating", "The instance is undoing what it has done already.");
        return [sagaEvents.UndoingStarted({ reason, cause: "cancelled", at: now })];
      }),
    },
  }) as unknown as Decider;
}

type Stuck = NonNullable<SagaState["stuck"]>;

/** Whether it is stuck where somebody has seen it: meanwhile it may have gone on, and be stuck in what nobody meant. */
function isSeen({ step, at }: z.output<typeof seen>, stuck: Stuck): boolean {
  return (step ?? stuck.step) === stuck.step && (at ?? stuck.at) === (stuck.at ?? at);
}

function stuckElsewhere({ step }: Stuck): ReturnType<typeof reject> {
  return reject("stuck_elsewhere", step === "" ? "It is stuck as a whole by now: look at it again." : `It is stuck at ${step} by now: look at it again.`);
}

/** The definition that an instance follows: that of the version it began with; undefined where this code does not have it any more. */
export function definitionFor(saga: Saga, { version }: Pick<SagaState, "version">): Saga | undefined {
  return version === 0 ? saga : [saga, ...saga.was].find((known) => known.version === version);
}

/** These events, and all that follow from them. */
function follow(saga: Saga, state: SagaState, first: readonly NewFact[], now: string): readonly NewFact[] {
  const events: NewFact[] = [];
  let current = state;
  const take = (event: NewFact): void => {
    events.push(event);
    const name = event.type.slice("saga.".length) as keyof ReturnType<typeof evolveOf>;
    current = evolveOf(definitionFor(saga, current) ?? saga)[name](current, { data: event.data as never });
  };
  for (const event of first) take(event);
  while (events.length < MOST_EVENTS) {
    const definition = definitionFor(saga, current);
    if (definition === undefined) {
      if (current.status === "running" || current.status === "compensating")
        take(sagaEvents.Stuck({ step: "", reason: `It began with version ${current.version} of the saga, which this code does not have any more.`, at: now }));
      return events;
    }
    const next = nextEvent(definition, current, now);
    if (next === undefined) return events;
    take(next);
  }
  throw new RangeError(`expected what follows in ${saga.name} to end, got ${MOST_EVENTS} events`);
}

/** What came of a call counts once: for the round and the attempt that it was made in. */
function reported(report: z.output<typeof sagaCommands.Report>, { steps }: SagaState): readonly NewFact[] {
  const { step, round, call, failures, isUndoing, outcome, error = "It failed.", due, learned, accepted, durationMs } = report;
  const known = steps[step];
  if (known === undefined || known.round !== round || (known.state === "undoing") !== isUndoing) return [];
  const state = known.calls[indexOf(known, call)];
  if (state?.state !== "due" || state.failures !== failures) return [];
  if (outcome === "done") {
    return [sagaEvents.CallDone({ step, call, ...(learned !== undefined && { learned }), ...(accepted !== undefined && { accepted }) })];
  }
  return [
    sagaEvents.CallFailed({
      step,
      call,
      error,
      ...(outcome === "rejected" && { isRejected: true }),
      ...(outcome === "failed" && due !== undefined && { due }),
      ...(durationMs !== undefined && { durationMs }),
    }),
  ];
}

/** A fact's own key: its place in its stream. */
export function factKey({ stream, version }: { readonly stream: string; readonly version: number }): string {
  return `${stream}@${version}`;
}
