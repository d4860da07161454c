import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHistory } from "../../src/testing/history/check-history.ts";
import { History, type Invocation, readEntries } from "../../src/testing/history/history.ts";
import type { Append, Operation, Outcome } from "../../src/testing/history/operation.ts";
import { answer, Model, type Recorded } from "./support/history-model.ts";
import { plainRun } from "./support/history-plain.ts";

/** A client's next step, drawn by chance: what it begins, or which of the calls under way moves on. */
interface Step {
  readonly what: "append" | "read" | "move" | "move" | "project";
  readonly stream: string;
  readonly size: number;
  readonly condition: "none" | "exact" | "stale" | "new" | "exists" | "keyed" | "repeat" | "outside";
  readonly pick: number;
  readonly isLost: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("append", "read", "move", "move", "move", "project"),
  stream: fc.constantFrom("note-a", "note-b", "cart-c"),
  size: fc.integer({ min: 1, max: 4 }),
  condition: fc.constantFrom("none", "exact", "stale", "new", "exists", "keyed", "repeat", "outside"),
  pick: fc.nat(1_000),
  isLost: fc.boolean(),
});

interface Pending {
  readonly operation: Operation;
  readonly call: Invocation<Operation>;
  outcome?: Outcome;
}

/** Runs clients side by side: each call begins, has its effect some time later, and is answered some time after that, or never. */
function play(steps: readonly Step[]): Recorded {
  const model = new Model();
  const pending: Pending[] = [];
  const sent: Append[] = [];
  const tokens: string[] = [];
  const begin = (operation: Operation): void => void pending.push({ operation, call: model.history.invoke(operation) });
  const move = ({ pick, isLost }: Step): void => {
    const [one] = pending.splice(pick % (pending.length || 1), 1);
    if (one === undefined) return;
    // Lost before it had an effect, or after.
    if (isLost && one.operation.kind === "append" && pick % 3 === 0) return one.call.unknown("the connection broke");
    if (one.outcome === undefined) {
      one.outcome = model.effect(one.operation);
      pending.push(one);
      return;
    }
    if (one.operation.kind === "append" && one.outcome.phase === "ok" && "token" in one.outcome.result) tokens.push(String(one.outcome.result.token));
    answer(one.call, one.outcome);
  };
  for (const [index, each] of steps.entries()) {
    if (each.what === "append") begin(appendOf(each, index, model, sent));
    else if (each.what === "read") begin(readOf(each, tokens));
    else if (each.what === "project") model.project(1);
    else move(each);
  }
  return model.finish();
}

function appendOf({ stream, size, condition, pick }: Step, index: number, model: Model, sent: Append[]): Append {
  const version = model.streams.get(stream)?.length ?? 0;
  const outside = condition === "outside" ? { source: "/s" } : undefined;
  const events = Array.from({ length: size }, (_, n) => ({
    type: `t.${n % 2}`,
    data: { n: `${index}/${n}` },
    ...(outside && { ...outside, id: `${index}/${n}` }),
  }));
  const repeatable = sent.filter(({ idempotencyKey, events }) => idempotencyKey !== undefined || events[0]?.id !== undefined);
  if (condition === "repeat" && repeatable.length > 0) return repeatable[pick % repeatable.length] as Append;
  const append: Append = {
    kind: "append",
    stream,
    events,
    ...(condition === "exact" && { precondition: { ifMatch: `"${version}"` } }),
    ...(condition === "stale" && { precondition: { ifMatch: `"${version + 1 - (pick % 3)}"` } }),
    ...(condition === "new" && { precondition: { ifNoneMatch: "*" } }),
    ...(condition === "exists" && { precondition: { ifMatch: "*" } }),
    ...(condition === "keyed" && { idempotencyKey: `key ${index}`, ...(pick % 2 === 0 && { precondition: { ifMatch: `"${version}"` } }) }),
  };
  sent.push(append);
  return append;
}

function readOf({ stream, size, pick, isLost }: Step, tokens: readonly string[]): Operation {
  const token = tokens[pick % (tokens.length || 1)];
  const kinds: readonly Operation[] = [
    { kind: "read-stream", stream, from: 1 },
    { kind: "read-log", after: 0, ...(token !== undefined && { token }), ...(isLost && { stream }) },
    { kind: "read-view", view: "event-types", ...(token !== undefined && { token }) },
    { kind: "live", from: size, ...(isLost && { stream }) },
  ];
  return kinds[pick % kinds.length] as Operation;
}

describe("a history that is as promised", () => {
  test("has no violations", () => {
    const { entries, final } = plainRun();
    expect(checkHistory(entries, final)).toEqual([]);
  });

  test("has none whatever clients do side by side, and whichever answers are lost", () => {
    let asked = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 120, size: "max" }), (steps) => {
        const { entries, final } = play(steps);
        asked += entries.length;
        expect(checkHistory(entries, final)).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(asked).toBeGreaterThan(300);
  });

  test("is the same after it was written as lines and read again", () => {
    const { entries, final } = plainRun();
    const history = new History();
    history.entries.push(...entries);
    expect(readEntries(history.toLines())).toEqual(entries);
    expect(checkHistory(readEntries(history.toLines()), JSON.parse(JSON.stringify(final)))).toEqual([]);
  });

  test("may hold events of others where it is said that there are some", () => {
    const { entries, final } = plainRun();
    const reads = entries.filter(({ call }) => call > 8);
    const kinds = checkHistory(reads, final).map(({ kind }) => kind);
    expect(kinds).toEqual(kinds.map(() => "event-of-nobody"));
    expect(kinds).toHaveLength(final.log.length);
    expect(checkHistory(reads, final, { othersAppend: true })).toEqual([]);
  });
});

describe("what is no history", () => {
  test("a line that is no JSON is refused with its number", () => {
    expect(() => readEntries('{"seq":0}\n{"se')).toThrow('expected line 2 of the history to be JSON, got {"se');
  });

  test("an end without a beginning, and a second end, are refused", () => {
    const { final } = plainRun();
    expect(() => checkHistory([{ seq: 0, call: 7, phase: "unknown", reason: "?" }], final)).toThrow("expected call 7 to begin before its end at entry 0");
    const call = new History().invoke({ kind: "read-stream", stream: "note-a", from: 1 });
    call.failed({ status: 404 });
    expect(() => call.unknown("?")).toThrow("expected call 0 to end once, got unknown after its end");
  });
});
