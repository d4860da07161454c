import type { DueCall, DueWork, Saga } from "../kernel/index.ts";
import { definitionFor } from "./saga-decider.ts";
import { isOver, type SagaState } from "./state.ts";

const NOTHING: DueWork = { calls: [], deadlines: [] };

/** What is to be done for an instance. Commands of a step go together, those that undo one after the other. */
export function dueWork(saga: Saga, state: SagaState): DueWork {
  if (isOver(state) || state.status === "waiting") return NOTHING;
  // It cannot go on, and says so as soon as anybody looks.
  if (definitionFor(saga, state) === undefined) return { calls: [], deadlines: state.status === "stuck" ? [] : [state.startedAt ?? ""] };
  const calls = Object.entries(state.steps).flatMap(([step, { state: doing, round, calls }]) => {
    if (doing !== "running" && doing !== "undoing") return [];
    const isUndoing = doing === "undoing";
    const waiting = calls.flatMap(({ state, command, failures, due }, index): readonly DueCall[] =>
      state === "due" ? [{ step, round, call: command === undefined ? -1 : index, failures, isUndoing, due, ...(command && { command }) }] : [],
    );
    // The first that does not succeed holds up the rest.
    const isHeld = isUndoing && calls.some(({ state }) => state === "rejected" || state === "exhausted");
    return isHeld ? [] : isUndoing ? waiting.slice(0, 1) : waiting;
  });
  const isRunning = state.status === "running";
  const steps = Object.values(state.steps).filter(({ state }) => isRunning && state === "running");
  const deadlines = [...(isRunning ? [state.deadline] : []), ...steps.map(({ deadline }) => deadline)];
  return { calls, deadlines: deadlines.filter((deadline) => deadline !== undefined) };
}
