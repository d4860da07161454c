import { type Call, ofKind } from "./call.ts";
import { describe, type Append, type Refusal } from "./operation.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";
import type { Write } from "./write.ts";

/** A write that is in its stream. */
interface There {
  readonly write: Write;
  readonly first: number;
  readonly last: number;
}

/** What is known of a stream at each moment. */
interface Known {
  /** The version that it had reached at least, and what told so. */
  atLeast(stream: string, moment: number): { readonly version: number; readonly by: string };
  /** The version that it cannot have passed yet. */
  atMost(stream: string, moment: number): number;
}

/**
 * Versions follow real time (what began after an acknowledgement is behind it), preconditions held where a write was taken and did
 * not where one was refused, and a read of a stream is as new as what was acknowledged before it.
 */
export function checkOrder(run: Run, versions: ReadonlyMap<Write, readonly number[]>): readonly Violation[] {
  const there = [...versions].flatMap(([write, numbers]) =>
    numbers.length === 0 || run.hasSharedIds(write) ? [] : [{ write, first: Math.min(...numbers), last: Math.max(...numbers) }],
  );
  const known = knownOf(run, there);
  const appends = ofKind(run.calls, "append");
  return [
    ...there.flatMap((each) => [...checkRealTime(each, known), ...checkHeld(each)]),
    ...appends.flatMap((call) => checkRefusal(call, known)),
    ...ofKind(run.calls, "read-stream").flatMap((call): readonly Violation[] => {
      if (call.outcome.phase !== "ok") return [];
      const { version, by } = known.atLeast(call.operation.stream, call.invoked);
      const got = call.outcome.result.version;
      return got >= version ? [] : [{ kind: "read-stale", message: `${describe(call.operation)} gave version ${got}, after ${by} had told ${version}.` }];
    }),
  ];
}

function knownOf(run: Run, there: readonly There[]): Known {
  const reads = ofKind(run.calls, "read-stream").flatMap(({ operation, outcome, ended }) =>
    outcome.phase === "ok" ? [{ stream: operation.stream, moment: ended, version: outcome.result.version, by: describe(operation) }] : [],
  );
  const answers = there.map(({ write, last }) => ({ stream: write.stream, moment: write.answered, version: last, by: describe(write.first) }));
  const told = Map.groupBy([...reads, ...answers], ({ stream }) => stream);
  const growing = new Map([...told].map(([stream, facts]) => [stream, rising(facts)]));
  const byStream = Map.groupBy(there, ({ write }) => write.stream);
  return {
    atLeast: (stream, moment) => growing.get(stream)?.findLast((fact) => fact.moment < moment) ?? { version: 0, by: "the beginning" },
    atMost(stream, moment) {
      const later = (byStream.get(stream) ?? []).filter(({ write }) => write.begun > moment).map(({ first }) => first - 1);
      return Math.min(run.lastVersion(stream), ...later);
    },
  };
}

/** Only the facts that tell more than those before, in the order of time. */
function rising<Fact extends { readonly moment: number; readonly version: number }>(facts: readonly Fact[]): readonly Fact[] {
  let highest = 0;
  return facts
    .toSorted((one, other) => one.moment - other.moment)
    .filter(({ version }) => {
      const isHigher = version > highest;
      highest = Math.max(highest, version);
      return isHigher;
    });
}

function checkRealTime({ write, first }: There, known: Known): readonly Violation[] {
  const { version, by } = known.atLeast(write.stream, write.begun);
  if (first > version) return [];
  return [{ kind: "real-time-order", message: `${describe(write.first)} is at version ${first}, but began after ${by} had told ${version}.` }];
}

/** The version that a precondition wants; undefined for `*`, which wants any, and NaN for a tag that nothing matches. */
function wantedBy({ precondition }: Append): number | undefined {
  if (precondition === undefined) return undefined;
  if ("ifNoneMatch" in precondition) return 0;
  if (precondition.ifMatch === "*") return undefined;
  return Number(/^"(0|[1-9]\d*)"$/.exec(precondition.ifMatch)?.[1]);
}

function checkHeld({ write, first }: There): readonly Violation[] {
  const { precondition } = write.first;
  const wanted = wantedBy(write.first);
  const isHeld = wanted === undefined ? precondition === undefined || first > 1 : first === wanted + 1;
  if (isHeld) return [];
  const expected = wanted === undefined ? "a version over 1" : Number.isNaN(wanted) ? "no version at all" : `version ${wanted + 1}`;
  return [{ kind: "precondition-broken", message: `${describe(write.first)} was written at version ${first}, where its precondition allows ${expected}.` }];
}

function checkRefusal({ operation, outcome, invoked, ended }: Call<Append>, known: Known): readonly Violation[] {
  if (outcome.phase !== "failed" || outcome.refusal.status !== 412) return [];
  const { currentVersion: current }: Refusal = outcome.refusal;
  const { version: least, by } = known.atLeast(operation.stream, invoked);
  const most = known.atMost(operation.stream, ended);
  const told = `${describe(operation)} was refused`;
  const violations: Violation[] = [];
  if (current !== undefined && (current < least || current > most)) {
    const why = current < least ? `${by} had told ${least} before` : `the stream cannot have been beyond ${most} yet`;
    violations.push({ kind: "refusal-impossible", message: `${told} because the stream was at version ${current}, but ${why}.` });
  }
  if (operation.precondition === undefined) return violations;
  const wanted = wantedBy(operation);
  // Throughout the call the version was the one that was wanted, or the answer itself says so.
  const holds = (low: number, high: number): boolean => (wanted === undefined ? low > 0 : low === wanted && high === wanted);
  if (holds(least, most) || (current !== undefined && holds(current, current))) {
    const was = current === undefined ? `${least}` : `${current} by its answer, ${least} to ${most} by the others`;
    violations.push({ kind: "refusal-unfounded", message: `${told}, but its precondition held: the version was ${was}.` });
  }
  return violations;
}
