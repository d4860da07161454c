import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { compileFilter } from "../../../src/followers/filter/compile-filter.ts";
import { meter } from "../../../src/followers/filter/meter.ts";

// Much is tried, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

type Json = Readonly<Record<string, unknown>>;

const times = <Item>(length: number, item: (i: number) => Item): readonly Item[] => Array.from({ length }, (_, i) => item(i));

/** Ends a run that would never end; what is meant to pass takes a second at the very most. */
function ending<Result>(run: () => Result): Result {
  return runInNewContext("run()", { run }, { timeout: 20_000 }) as Result;
}

/** What it says of an event; or, where it would take too long, what it throws. */
function outcomeOf(expression: string, event: Json): unknown {
  const filter = compileFilter(expression);
  if (!filter.ok) throw new Error(`expected an expression, got ${JSON.stringify(filter.faults)}`);
  return ending(() => {
    try {
      return filter.matches(event);
    } catch (fault) {
      return (fault as { readonly code?: string }).code;
    }
  });
}

const LIST = times(100_000, (i) => i % 10);
const TEXT = "a".repeat(500_000);
const LETTERS = times(20_000, (i) => ((Math.imul(i + 7, 2_654_435_761) >>> 13) & 1 ? "a" : "b")).join("");

describe("a short expression that asks a large event for too much throws", () => {
  test.each<readonly [string, string, Json]>([
    ["a text looked through for each element", 'event.l.exists(x, event.t.contains("zz"))', { l: LIST, t: TEXT }],
    ["a list looked through for each element", "event.l.exists(x, 11.0 in event.l)", { l: LIST }],
    ["two lists compared for each element", "event.l.all(x, event.l == event.l)", { l: LIST }],
    ["two objects compared for each element", "event.l.all(x, event.o == event.o)", { l: LIST, o: Object.fromEntries(LIST.map((_, i) => [`k${i}`, i])) }],
    ["a text that grows with each use", `[event.t].all(x, (x${"+x".repeat(100)}).contains("zz"))`, { t: TEXT }],
    ["a text counted for each element", "event.l.all(x, size(event.t) > 1)", { l: LIST, t: TEXT }],
    ["a long text looked for in a long one", "event.t.contains(event.u)", { t: TEXT, u: `b${"a".repeat(200_000)}` }],
    ["a calendar for each element", 'event.l.all(x, timestamp("2020-01-01T00:00:00Z").getHours("America/New_York") == 19)', { l: LIST.slice(0, 2_000) }],
    ["a regular expression for each element", 'event.l.all(x, !event.t.matches("(a|b)*c$"))', { l: LIST, t: LETTERS }],
    ["one that makes a state of each character", 'event.t.matches("a[ab]{400}$^")', { t: LETTERS }],
    ["one whose time grows with the square of it", 'event.t.matches("a[ab]{15}$^")', { t: LETTERS }],
    ["a macro over a list without end", "event.l.map(x, x) == []", { l: times(300_000, () => 0) }],
  ])("%s", (_, expression, event) => {
    expect(outcomeOf(expression, event)).toBe("filter_too_costly");
  });

  test("even where an error would be forgiven", () => {
    expect(outcomeOf("event.l.exists(x, 11.0 in event.l) || true", { l: LIST })).toBe("filter_too_costly");
  });

  test("and the next event is judged as ever", () => {
    const filter = compileFilter("event.l.exists(x, 11.0 in event.l)");
    expect(() => filter.ok && filter.matches({ l: LIST })).toThrow("expected the filter to take at most 1000000 steps for an event, got more");
    expect(filter.ok && filter.matches({ l: [11] })).toBe(true);
  });
});

describe("what takes time with the event's size is done", () => {
  test.each<readonly [string, string, Json, boolean]>([
    ["one look through a list", "!(11 in event.l)", { l: LIST }, true],
    ["one look through a text", 'event.t.contains("zz")', { t: TEXT }, false],
    ["one condition for each of many objects", "event.o.exists(x, x.a == 2)", { o: times(50_000, () => ({ a: 1 })) }, false],
    ["a field that none of many objects has", "event.o.exists(x, x.b == 2)", { o: times(50_000, () => ({ a: 1 })) }, false],
    ["a list of many results", "event.l.map(x, x).size() == 50000", { l: LIST.slice(0, 50_000) }, true],
    ["a list of many that were kept", "event.l.filter(x, x < 9).size() == 45000", { l: LIST.slice(0, 50_000) }, true],
    ["what was kept, read again", "event.l.filter(x, true) == event.l", { l: LIST.slice(0, 50_000) }, true],
    ["what was kept and changed, read again", "event.l.map(x, true, x) == event.l", { l: LIST.slice(0, 50_000) }, true],
    ["results that are read again", "event.l.map(x, x) == event.l", { l: LIST.slice(0, 50_000) }, true],
    ["a regular expression on a text of some length", 'event.t.matches("^[ab]+$")', { t: LETTERS.slice(0, 8_000) }, true],
    [
      "a text of a million digits, which is no number, however often",
      `[event.t].exists(x, ${"int(x) == 1 || ".repeat(120)}false)`,
      { t: "1".repeat(1_000_000) },
      false,
    ],
    ["a duration of as many", "duration(event.t) == duration('1s')", { t: "1".repeat(500_000) }, false],
  ])("%s", (_, expression, event, expected) => {
    expect(outcomeOf(expression, event)).toBe(expected);
  });
});

test("the steps grow with the list as the list does", () => {
  const steps = (size: number): number => {
    outcomeOf("event.l.all(x, x >= 0)", { l: LIST.slice(0, size) });
    return meter.taken;
  };
  expect(steps(3_000) - steps(2_000)).toBe(steps(2_000) - steps(1_000));
});

test("an expression of a common kind takes few steps", () => {
  outcomeOf('event.type == "commerce.OrderPlaced" && event.data.total > 100', { type: "commerce.OrderPlaced", data: { total: 150 } });
  expect(meter.taken).toBeLessThan(10);
});

describe("an expression that nests or repeats without end is told so, or read, soon", () => {
  test.each([
    ["parentheses", `${"(".repeat(1_000)}true${")".repeat(1_000)}`],
    ["lists", `${"[".repeat(1_000)}${"]".repeat(1_000)} == []`],
    ["maps", `${"{1:".repeat(600)}1`],
    ["choices", `${"true?".repeat(180)}true${":true".repeat(180)}`],
    ["denials", `${"!".repeat(2_000)}true`],
    ["sums", `1${"+1".repeat(1_000)} == 1`],
    ["selections", `event${".a".repeat(1_000)} == 1`],
    ["conditions", times(250, () => "true").join(" || ")],
    ["arguments", `size(${"1,".repeat(900)}1) == 1`],
    ["an open text", `'${"\\n".repeat(1_000)}`],
    ["repetitions of repetitions", `event.t.matches("${"(".repeat(100)}a${"{9})".repeat(100)}")`],
  ])("%s", (_, expression) => {
    expect(
      ending(() => {
        const filter = compileFilter(expression);
        return filter.ok ? typeof filter.matches({ t: "a" }) : filter.faults.length > 0;
      }),
    ).toBeOneOf([true, "boolean"]);
  });
});
