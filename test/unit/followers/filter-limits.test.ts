import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { compileFilter } from "../../../src/followers/filter/compile-filter.ts";
import { MOST_STEPS } from "../../../src/followers/filter/judge.ts";
import { meter } from "../../../src/followers/filter/meter.ts";

// Much is tried, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

type Json = Readonly<Record<string, unknown>>;

/** Ends a run that would never end; what is meant to pass takes milliseconds. */
function ending<Result>(run: () => Result): Result {
  return runInNewContext("run()", { run }, { timeout: 10_000 }) as Result;
}

function compiled(filter: unknown): (event: Json) => boolean {
  const compiled = compileFilter(filter);
  if (!compiled.ok) throw new Error(`expected a filter, got ${JSON.stringify(compiled.faults)}`);
  return compiled.matches;
}

const times = <Item>(length: number, item: (i: number) => Item): readonly Item[] => Array.from({ length }, (_, i) => item(i));

describe("the steps of a pattern", () => {
  const stepsOf = (pattern: Json, event: Json): number => {
    const matches = compiled(pattern);
    matches(event);
    return meter.taken;
  };

  test("grow with the event as the event does", () => {
    const pattern = { d: { a: [1], b: { c: [{ exists: false }, 2] } } };
    const event = (size: number): Json => ({ d: times(size, () => ({ a: 1, b: [{ c: 3 }, { c: 4 }] })) });
    const [one, ten, hundred] = [stepsOf(pattern, event(10)), stepsOf(pattern, event(100)), stepsOf(pattern, event(1_000))];
    expect(hundred - ten).toBe(10 * (ten - one));
  });

  test("grow with the pattern as the pattern does", () => {
    const pattern = (size: number): Json => ({ d: { $or: times(size, (i) => ({ [`k${i}`]: [1] })) } });
    const event = { d: times(100, () => ({})) };
    const [one, two, three] = [stepsOf(pattern(10), event), stepsOf(pattern(20), event), stepsOf(pattern(30), event)];
    expect(three - two).toBe(two - one);
  });

  // 20 lists with two elements each: to try all of their combinations would take a million.
  test("do not grow with the combinations of elements", () => {
    const pattern = Object.fromEntries(times(20, (i) => [`k${i}`, { a: [1], b: [2] }]));
    const event = Object.fromEntries(times(20, (i) => [`k${i}`, [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }]]));
    expect(stepsOf(pattern, event)).toBeLessThan(400);
  });

  test("are none for a second look where nothing may be missing", () => {
    const event = { d: times(3, () => ({ a: 0, b: 2 })) };
    // The list's length, and of each element the first term and its one comparison.
    expect(stepsOf({ d: { a: [1], b: [2] } }, event)).toBe(1 + 3 + 3 * 2);
    expect(stepsOf({ d: { a: [1, { exists: false }], b: [2, { exists: false }] } }, event)).toBeGreaterThan(1 + 3 + 3 * 2);
  });

  test("count each text that is excluded, but values that must only be equal as one", () => {
    const event = { d: times(100, () => "x") };
    const excluded = times(50, (i) => `*${i}*`);
    const steps = stepsOf({ d: [{ "anything-but": { wildcard: ["*x*"] } }] }, event);
    expect(stepsOf({ d: [{ "anything-but": { wildcard: ["*x*", ...excluded] } }] }, event) - steps).toBe(100 * 50);
    expect(stepsOf({ d: excluded }, event)).toBe(steps);
  });

  test("are few for what an event usually is", () => {
    expect(stepsOf({ type: ["a", "b"], data: { total: [{ numeric: [">", 100] }] } }, { type: "a", data: { total: 150 } })).toBe(5);
  });

  test("are limited: beyond, it throws, and goes on with the next event", () => {
    const matches = compiled({ d: { $or: times(200, (i) => ({ [`k${i}`]: [1] })) } });
    const large = { d: times(MOST_STEPS / 200, () => ({})) };
    expect(() => matches(large)).toThrow(
      expect.objectContaining({ code: "filter_too_costly", message: `expected the filter to take at most ${MOST_STEPS} steps for an event, got more` }),
    );
    expect(matches({ d: [{ k7: 1 }] })).toBe(true);
  });
});

describe("a hostile text ends soon", () => {
  test.each([
    ["stars between letters that are all there", `${"a*".repeat(124)}b`, false],
    ["stars that could begin anywhere", `*${"a*".repeat(120)}`, true],
    ["a long piece that nearly is there", `*${"a".repeat(240)}b*`, false],
    ["a long piece whose end nearly is there", `*ab${"a".repeat(240)}*`, false],
  ])("%s", (_, wildcard, expected) => {
    const matches = compiled({ t: [{ wildcard }] });
    const text = "a".repeat(1_000_000);
    expect(ending(() => matches({ t: text }))).toBe(expected);
  });

  test("a million characters without regard to case", () => {
    const matches = compiled({ t: times(80, (i) => ({ "equals-ignore-case": `B${i}` })) });
    const text = "aBc".repeat(330_000);
    expect(ending(() => matches({ t: text }))).toBe(false);
  });

  test("a million characters that are no address", () => {
    const matches = compiled({ t: [{ cidr: "::/0" }] });
    const text = ":".repeat(1_000_000);
    expect(ending(() => matches({ t: text }))).toBe(false);
  });
});

test("lists in lists in lists take no stack", () => {
  let nested: unknown = [1, { b: 2 }];
  for (let i = 0; i < 100_000; i++) nested = [nested];
  expect(compiled({ a: [1] })({ a: nested })).toBe(true);
  expect(compiled({ a: { b: [2] } })({ a: nested })).toBe(true);
  expect(compiled({ a: { b: [3] } })({ a: nested })).toBe(false);
});

test("an object that contains itself is looked at as deep as the pattern goes", () => {
  const event: Record<string, unknown> = { b: 1 };
  event.a = [event];
  expect(compiled({ a: { a: { a: { b: [1] } } } })(event)).toBe(true);
});

test("patterns that would multiply without end are refused soon", () => {
  // Each level takes what is below three times: 3^13 combinations, right ones and wrong ones.
  const levels = (names: readonly string[], bottom: Json): Json => {
    const top: Record<string, unknown> = {};
    let level = top;
    for (let i = 0; i < 13; i++) {
      const next = {};
      Object.assign(level, { $or: names.map((name) => ({ k: { [name]: [1] } })), k: { d: [1], k: next } });
      level = next;
    }
    Object.assign(level, bottom);
    return top;
  };
  expect(ending(() => compileFilter(levels(["a", "b", "c"], { z: [1] })).ok)).toBe(false);
  expect(ending(() => compileFilter(levels(["d", "d", "d"], { $or: [{ z: [1] }, { z: [2] }], z: [3] })).ok)).toBe(false);
});

test("big numbers are what JSON makes of them", () => {
  const matches = compiled(JSON.parse('{"n":[12345678901234567890,1e308,{"numeric":[">",1e20]}]}'));
  expect(matches(JSON.parse('{"n":12345678901234567890}') as Json)).toBe(true);
  expect(matches(JSON.parse('{"n":300.0}') as Json)).toBe(false);
  expect(compiled({ n: [300, -0] })(JSON.parse('{"n":3.0e2}') as Json)).toBe(true);
  expect(compiled({ n: [0] })(JSON.parse('{"n":-0}') as Json)).toBe(true);
});
