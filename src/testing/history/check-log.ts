import { canonicalJson } from "../../kernel/index.ts";
import { type FinalEvent, nameOf } from "./final-state.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";

/** The log's positions are 1, 2, 3…, each stream is in it in its order, and it has of each stream what the stream has, once and alike. */
export function checkLog(run: Run): readonly Violation[] {
  return [...checkPositions(run.final.log), ...checkOrder(run.final.log), ...checkAgainstStreams(run)];
}

function checkPositions(log: readonly FinalEvent[]): readonly Violation[] {
  const violations: Violation[] = [];
  let expected = 1;
  for (const event of log) {
    const got = event.position ?? 0;
    if (got < expected) {
      violations.push({ kind: "log-position-repeat", message: `The log gives position ${got} (${nameOf(event)}), where ${expected} is expected.` });
    }
    if (got > expected)
      violations.push({ kind: "log-gap", message: `The log goes on with position ${got} (${nameOf(event)}), where ${expected} is expected.` });
    expected = Math.max(expected, got + 1);
  }
  return violations;
}

function checkOrder(log: readonly FinalEvent[]): readonly Violation[] {
  const violations: Violation[] = [];
  const seen = new Map<string, number>();
  const last = new Map<string, FinalEvent>();
  for (const event of log) {
    const { stream, version, position = 0 } = event;
    const name = nameOf(event);
    const before = last.get(stream);
    if (seen.has(name)) {
      violations.push({ kind: "log-repeat", message: `The log has ${name} at position ${position} and already at position ${seen.get(name)}.` });
    } else if (before !== undefined && version < before.version) {
      const message = `The log has ${name} at position ${position}, after ${nameOf(before)} at position ${before.position}.`;
      violations.push({ kind: "log-order", message });
    }
    seen.set(name, position);
    if (version >= (before?.version ?? 0)) last.set(stream, event);
  }
  return violations;
}

function checkAgainstStreams({ final: { streams, log } }: Run): readonly Violation[] {
  const logged = new Map(log.map((event) => [nameOf(event), event]));
  const own = new Map(streams.flatMap(({ events }) => events.map((event) => [nameOf(event), event] as const)));
  const kept = new Map(streams.map((stream) => [stream.stream, stream]));
  const lacking = [...own].flatMap(([name, event]): Violation[] => {
    const copy = logged.get(name);
    if (copy === undefined) return [{ kind: "log-lacks-event", message: `The stream has ${name} (id ${event.id}), but the log does not.` }];
    const differing = differences(event, copy);
    return differing.map((field) => ({
      kind: "log-differs",
      message: `The ${field} of ${name} is ${JSON.stringify(event[field])} in the stream, but ${JSON.stringify(copy[field])} in the log.`,
    }));
  });
  const unknown = log.filter((event) => !own.has(nameOf(event)) && event.version >= (kept.get(event.stream)?.firstVersion ?? 1));
  const told = unknown.map((event): Violation => {
    const there = kept.get(event.stream);
    const stream = there === undefined ? "there is no such stream" : `the stream has versions ${there.firstVersion} to ${there.version}`;
    return { kind: "log-unknown-event", message: `The log has ${nameOf(event)} at position ${event.position}, but ${stream} and not this event.` };
  });
  return [...lacking, ...told];
}

/** The names of members that differ; a stream's own endpoints give no position. */
function differences(one: FinalEvent, other: FinalEvent): readonly string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]).difference(new Set(["position"]));
  return [...names].filter((name) => canonicalJson({ value: one[name] }) !== canonicalJson({ value: other[name] }));
}
