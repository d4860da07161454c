import { describe } from "./operation.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";
import type { Write } from "./write.ts";

/** Refusals that say nothing of the repeat: who asks, how much, and an answer that never was. */
const MAY_REFUSE = new Set([401, 403, 408, 413, 429]);

/** What was sent again gets the first answer, whatever has happened since. */
export function checkRepeats({ writes }: Run): readonly Violation[] {
  return writes.flatMap((write) => [...checkAnswers(write), ...checkRefusals(write)]);
}

const shown = (events: readonly { readonly id: string; readonly version: number; readonly hash: string }[]): string =>
  events.map(({ id, version, hash }) => `${id} at ${version} with ${hash}`).join(", ");

function checkAnswers({ calls, answer, first }: Write): readonly Violation[] {
  const expected = shown(answer?.events ?? []);
  return calls.flatMap(({ call, outcome }): readonly Violation[] => {
    if (outcome.phase !== "ok" || shown(outcome.result.events) === expected) return [];
    const message = `${describe(first)} was answered with ${expected} first, but as call ${call} with ${shown(outcome.result.events)}.`;
    return [{ kind: "repeat-answered-otherwise", message }];
  });
}

function checkRefusals({ calls, answered, first }: Write): readonly Violation[] {
  return calls.flatMap(({ call, outcome, invoked }): readonly Violation[] => {
    if (outcome.phase !== "failed" || invoked < answered || MAY_REFUSE.has(outcome.refusal.status)) return [];
    return [{ kind: "repeat-refused", message: `${describe(first)} was taken, but sent again as call ${call} it was refused with ${outcome.refusal.status}.` }];
  });
}
