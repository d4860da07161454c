import type { ErasedStep, NewFact, Saga } from "../kernel/index.ts";
import { sagaEvents } from "./saga-events.ts";
import { AFTERWARDS, type SagaState, type StepState } from "./state.ts";

/**
 * What follows from how an instance stands at this time: the next event, or nothing. Asked again and again until nothing follows, so
 * whatever order things came in, what follows from all of them is the same.
 */
export function nextEvent(saga: Saga, state: SagaState, now: string): NewFact | undefined {
  if (state.status === "waiting") return starting(saga, state, now);
  if (state.status === "running") return running(saga, state, now);
  // What it is stuck in need not be done any more.
  if (state.stuck?.was === "running") return ending(saga, state, now);
  return state.status === "compensating" ? undoing(saga, state, now) : undefined;
}

function starting(saga: Saga, { facts }: SagaState, now: string): NewFact | undefined {
  for (const fact of facts) {
    const begin = saga.start(fact);
    if (begin !== undefined) return startedEvent(saga, begin.data, now);
  }
  return undefined;
}

/** That an instance begins, and until when it has time. */
export function startedEvent({ name, version, timeoutMs }: Saga, data: unknown, now: string): NewFact {
  return sagaEvents.Started({ saga: name, version, data, at: now, ...(timeoutMs !== undefined && { deadline: later(now, timeoutMs) }) });
}

function running(saga: Saga, state: SagaState, now: string): NewFact | undefined {
  const end = ending(saga, state, now);
  if (end !== undefined) return end;
  const failure = Object.entries(state.steps).find(([, { state }]) => state === "failed");
  if (failure !== undefined) return sagaEvents.UndoingStarted({ reason: failure[1].reason ?? `${failure[0]} failed.`, cause: "failure", at: now });
  if (state.deadline !== undefined && now >= state.deadline)
    return sagaEvents.UndoingStarted({ reason: `It took longer than ${saga.timeoutMs} ms.`, cause: "deadline", at: now });
  for (const group of saga.groups) {
    for (const step of group) {
      const next = stepEvent(step, state, now);
      if (next !== undefined) return next;
    }
    // The next ones wait until all of these are done.
    if (group.some(({ name }) => !isBehind(state.steps[name]))) return undefined;
  }
  return sagaEvents.Completed({ at: now });
}

/** Something has happened that ends it before its time. */
function ending(saga: Saga, { facts, data }: SagaState, at: string): NewFact | undefined {
  for (const fact of facts) {
    const reason = saga.undoneOn(data, fact);
    if (reason !== undefined) return sagaEvents.UndoingStarted({ reason, cause: "failure", at });
  }
  return undefined;
}

function isBehind(step: StepState | undefined): boolean {
  return step?.state === "done" || step?.state === "skipped";
}

function stepEvent(step: ErasedStep, state: SagaState, now: string): NewFact | undefined {
  const { name, withinMs } = step;
  const known = state.steps[name];
  if (known === undefined) {
    if (!step.isFor(state.data)) return sagaEvents.StepSkipped({ step: name });
    const commands = kept(step.send(state.data));
    const deadline = withinMs === undefined ? {} : { deadline: later(now, withinMs) };
    return sagaEvents.StepStarted({ step: name, round: 1, commands, hasCall: step.hasCall, at: now, ...deadline });
  }
  if (known.state !== "running") return undefined;
  const added = follow(step, state, known, now);
  if (added !== undefined) return added;
  // What it has sent comes to its end first, so that undoing it meets what it has done.
  if (!isSettled(known)) return undefined;
  const rejected = known.calls.find((call) => call.state === "rejected");
  if (rejected !== undefined) return sagaEvents.StepFailed({ step: name, reason: rejected.error ?? "A command was rejected.", at: now });
  const exhausted = known.calls.find((call) => call.state === "exhausted");
  if (exhausted !== undefined) return sagaEvents.Stuck({ step: name, reason: exhausted.error ?? "Its attempts are over.", at: now });
  const verdict = judged(step, state);
  if (typeof verdict === "object") return sagaEvents.StepFailed({ step: name, reason: verdict.failed, at: now });
  if (verdict === true) return sagaEvents.StepDone({ step: name, at: now });
  if (known.deadline !== undefined && now >= known.deadline)
    return sagaEvents.StepFailed({ step: name, reason: `${name} waited longer than ${withinMs} ms.`, at: now });
  return undefined;
}

/** What came leads to commands: all of it at once. */
function follow(step: ErasedStep, { facts, data }: SagaState, { followed = 0 }: StepState, at: string): NewFact | undefined {
  const commands = facts.slice(followed).flatMap((fact) => step.sendOn(data, fact));
  return commands.length === 0 ? undefined : sagaEvents.CommandsAdded({ step: step.name, followed: facts.length, commands: kept(commands), at });
}

/** Whether all that a step has sent has come to an end. */
function isSettled({ calls }: StepState): boolean {
  return calls.every(({ state }) => state !== "due");
}

/** What the facts say of a step: that it is done, that it failed, or nothing yet. */
function judged(step: ErasedStep, { facts, data }: SagaState): boolean | { readonly failed: string } | undefined {
  if (step.awaits.size === 0) return true;
  for (const fact of facts) {
    const verdict = step.awaits.has(fact.type) ? step.judge(data, fact) : undefined;
    if (verdict === true || typeof verdict === "object") return verdict;
  }
  return undefined;
}

function undoing(saga: Saga, state: SagaState, now: string): NewFact | undefined {
  const steps = new Map(saga.groups.flat().map((step) => [step.name, step]));
  // What is still on its way comes to its end first: a command that arrives after its undoing would stay.
  if (Object.values(state.steps).some((step) => step.state === "running" && !isSettled(step))) return undefined;
  for (const name of undoingOrder(state)) {
    const step = state.steps[name] as StepState;
    // Skipped by hand, it may have been done in part.
    if (step.state === "undone" || (step.state === "skipped" && step.startedAt === "")) continue;
    if (step.state === "undoing") return undone(name, step, now);
    const commands = steps.get(name)?.compensate(state.data) ?? [];
    return commands.length === 0 ? sagaEvents.StepUndone({ step: name, at: now }) : undoingEvent(name, step.round, commands, now);
  }
  const { reason, cause } = state.undoing ?? { reason: "", cause: "failure" };
  const last = state.steps[AFTERWARDS];
  if (last === undefined) {
    const commands = saga.undone(state.data, reason);
    if (commands.length > 0) return undoingEvent(AFTERWARDS, 1, commands, now);
  } else if (last.state === "undoing") return undone(AFTERWARDS, last, now);
  return cause === "cancelled" ? sagaEvents.Cancelled({ reason, at: now }) : sagaEvents.Compensated({ reason, at: now });
}

/** In the reverse order of completion; what was never completed comes first. */
function undoingOrder({ steps, finished }: SagaState): readonly string[] {
  const unfinished = Object.keys(steps).filter((name) => name !== AFTERWARDS && !finished.includes(name));
  return [...finished, ...unfinished].toReversed();
}

function undone(step: string, { calls }: StepState, now: string): NewFact | undefined {
  const failed = calls.find(({ state }) => state === "rejected" || state === "exhausted");
  if (failed !== undefined) return sagaEvents.Stuck({ step, reason: failed.error ?? "It could not be undone.", at: now });
  return calls.every(({ state }) => state === "done") ? sagaEvents.StepUndone({ step, at: now }) : undefined;
}

function undoingEvent(step: string, round: number, commands: ReturnType<ErasedStep["compensate"]>, at: string): NewFact {
  return sagaEvents.StepUndoing({ step, round, commands: kept(commands), hasCall: false, at });
}

/** Commands as an event keeps them. */
function kept(commands: ReturnType<ErasedStep["send"]>) {
  return commands.map(({ accepts, ...command }) => ({ ...command, ...(accepts !== undefined && { accepts: [...accepts] }) }));
}

/** A time so many milliseconds later. */
export function later(now: string, ms: number): string {
  return new Date(Date.parse(now) + ms).toISOString();
}
