import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { compileFilter, type FilterFault } from "../../../src/followers/filter/compile-filter.ts";

// Much is tried, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

type Json = Readonly<Record<string, unknown>>;

const EVENT = JSON.parse(`{
  "id": "7", "stream": "order-1", "version": 3, "position": 12, "type": "commerce.OrderPlaced", "schemaVersion": 1,
  "time": "2026-01-01T00:00:00Z", "source": "/v1", "metadata": { "priority": "high" },
  "data": {
    "total": 150, "big": 12345678901234567890, "nothing": null, "text": "h\u00e9llo \ud83d\ude00", "a-b": 1, "isPaid": true,
    "items": [{ "sku": "a", "quantity": 2 }, { "sku": "b", "quantity": 5 }], "tags": ["x", "y"], "grid": [[1, 2], [3]],
    "__proto__": { "a": 1 }, "constructor": "c", "$typeName": "google.protobuf.Any", "toString": 1, "length": "9"
  }
}`) as Json;

function matches(expression: string, event = EVENT): boolean {
  const filter = compileFilter(expression);
  if (!filter.ok) throw new Error(`expected an expression, got ${JSON.stringify(filter.faults)}`);
  return filter.matches(event);
}

describe("a CEL expression", () => {
  test.each([
    'event.type == "commerce.OrderPlaced" && event.data.total > 100',
    'event.type.startsWith("commerce.") && event.type.endsWith("Placed") && event.type.contains("Order")',
    'event.type.matches("^commerce\\\\.Order[A-Z][a-z]+$")',
    'event.metadata.priority in ["critical", "high"]',
    "event.position >= 12 && event.version == 3 && event.schemaVersion != 2",
    "event.data.isPaid",
    "!(event.data.total < 150)",
    "event.data.total > 100 ? event.data.isPaid : false",
    "event.data.total * 2.0 - 1.0 == 299.0 && -event.data.total == -150",
    "event.data.nothing == null",
    "has(event.data.nothing) && has(event.data.total) && !has(event.data.missing)",
    '"total" in event.data && "nothing" in event.data && !("missing" in event.data)',
    'event.data["a-b"] == 1',
    'event.data.items[1].sku == "b"',
    "event.data.items.exists(i, i.quantity > 4)",
    "event.data.items.all(i, i.quantity > 1)",
    "event.data.items.exists_one(i, i.quantity == 5)",
    "event.data.items.filter(i, i.quantity > 1).size() == 2",
    'event.data.items.map(i, i.sku) == ["a", "b"]',
    'event.data.items.map(i, i.quantity > 4, i.sku) == ["b"]',
    "size(event.data.items.map(i, [i.quantity, i.quantity])) == 2",
    'event.data.all(name, name != "missing")',
    'event.data.tags == ["x", "y"] && event.data == event.data && event.data.tags != ["x"]',
    "event.data.grid[0][1] == 2 && [3] in event.data.grid",
    '{"a": event.type}["a"] == event.type',
    "size(event.data.text) == 7 && event.data.text.size() == 7",
    "size(event.data.tags) == 2 && event.metadata.size() == 1",
    'timestamp(event.time) > timestamp("2025-12-31T23:59:59Z") && timestamp(event.time) - timestamp("2025-12-31T23:00:00Z") == duration("1h")',
    'timestamp(event.time).getFullYear() == 2026 && timestamp(event.time).getHours("America/New_York") == 19',
    'int("12") == 12 && uint("12") == 12u && double("1.5") == 1.5 && string(1) == "1" && bool("true")',
    "type(event.data) == map && type(event.data.tags) == list && type(event.data.total) == double && type(event.data.nothing) == null_type",
    "event.data.big > 1e19",
    "event.data.missing == 1 || event.data.total == 150",
  ])("%s holds", (expression) => {
    expect(matches(expression)).toBe(true);
  });

  test.each([
    ["is false", "event.data.total > 150"],
    ["is another value", "event.data.total"],
    ["is an error: a field is not there", "event.data.missing == 1"],
    ["is an error: not even not", "!(event.data.missing == 1)"],
    ["is an error: nothing fits the types", 'event.data.total > "100"'],
    ["is an error: a double and a whole number do not add", "event.data.total + 1 == 151"],
    ["is an error within a macro", "event.data.items.exists(i, i.missing == 1)"],
    ["is an error: an index that is not there", "event.data.items[2].sku == 'c'"],
    ["is an error: no number", "int(event.type) == 1"],
    ["is an error: a number of too many digits", 'int("9223372036854775808") > 0'],
    ["is an error: no division by zero", "1 / 0 == 1"],
  ])("where its result %s, does not match: %s", (_, expression) => {
    expect(matches(expression)).toBe(false);
  });

  test.each([
    ['event.data.constructor == "c"', true],
    ['event.data["$typeName"] == "google.protobuf.Any"', true],
    ['event.data["__proto__"].a == 1', true],
    ["has(event.data.hasOwnProperty)", false],
    ['"valueOf" in event.data', false],
    ["event.data.toString == 1", true],
    ['type(event.metadata["__proto__"]) == map', false],
    ["size(event.data) == 14", true],
  ])("sees any name as a name: %s is %s", (expression, expected) => {
    expect(matches(expression)).toBe(expected);
  });

  test("is compiled once and holds for each event by itself", () => {
    const filter = compileFilter("event.data.map(k, k) == ['n'] && event.data.n.filter(n, n > 1).size() == 2");
    const run = (n: readonly number[]): boolean => filter.ok && filter.matches({ data: { n } });
    expect([run([1, 2, 3]), run([1]), run([]), run([2, 2]), run([1, 2, 3])]).toEqual([true, false, false, true, true]);
  });

  test("leaves the depth of stack traces as it was", () => {
    const before = Error.stackTraceLimit;
    try {
      Error.stackTraceLimit = 7;
      matches("event.missing == 1");
      expect(Error.stackTraceLimit).toBe(7);
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  test("agrees with JavaScript about numbers, texts and lists of them", () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, 1e300), fc.constantFrom("", "a", "b"));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), value, (list, wanted) => {
        const event = { list, wanted };
        expect(matches("event.wanted in event.list", event)).toBe(list.includes(wanted));
        expect(matches("event.list.exists(x, x == event.wanted)", event)).toBe(list.includes(wanted));
        expect(matches("event.list.all(x, x != event.wanted)", event)).toBe(!list.includes(wanted));
        expect(matches("event.list.exists_one(x, x == event.wanted)", event)).toBe(list.filter((x) => x === wanted).length === 1);
        expect(matches("event.list.filter(x, x == event.wanted).size() == event.count", { ...event, count: list.filter((x) => x === wanted).length })).toBe(
          true,
        );
        expect(matches("event.list.map(x, [x, x]) == event.pairs", { ...event, pairs: list.map((x) => [x, x]) })).toBe(true);
      }),
    );
  });
});

describe("an expression that is none is told what was expected and what is there", () => {
  const FUNCTIONS =
    "int, uint, double, string, timestamp, duration, type, dyn, bool, size, contains, startsWith, endsWith, matches, getFullYear, getMonth, getDate, getDayOfMonth, " +
    "getDayOfWeek, getDayOfYear, getHours, getMinutes, getSeconds, getMilliseconds or, over a list, all, exists, exists_one, map, filter";
  const MACROS = "all, exists, exists_one, map, filter";

  const faultsOf = (expression: string): readonly FilterFault[] => {
    const compiled = compileFilter(expression);
    return compiled.ok ? [] : compiled.faults;
  };

  test.each([
    ["event.type = 'a'", "Expected a CEL expression, got one that cannot be read: <input>:1:12: found = but expecting end of input"],
    ["event.type == 'a' &&", "Expected a CEL expression, got one that cannot be read: <input>:1:19: found & but expecting end of input"],
    ["foo == 1", "Expected the variable event, or one of a macro around, got foo (at character 1)"],
    ["event.items.exists(i, i == j)", "Expected the variable event, or one of a macro around, got j (at character 28)"],
    ["event.items.all(i, i > 1) && i == 1", "Expected the variable event, or one of a macro around, got i (at character 30)"],
    ["event.type.startswith('a')", `Expected one of the functions ${FUNCTIONS}, got startswith (at character 11)`],
    ["bytes('a') == b'a'", `Expected one of the functions ${FUNCTIONS}, got bytes (at character 1)`],
    ["event.items.exists(1, true)", `Expected one of the functions ${FUNCTIONS}, got exists (at character 12)`],
    ["contains(event.type, 'a')", "Expected contains to be called as x.contains(y), got another form (at character 1)"],
    ["event.type.contains('a', 'b')", "Expected contains to be called as x.contains(y), got another form (at character 11)"],
    ["event.type.int() == 1", "Expected int to be called as int(x), got another form (at character 11)"],
    ["google.protobuf.Timestamp{seconds: 1} == timestamp(1)", "Expected no messages in an expression, got google.protobuf.Timestamp{…} (at character 1)"],
    ["event.type.matches(event.pattern)", "Expected matches with a regular expression that is written out, got one that is worked out (at character 11)"],
    ["event.type.matches('a(')", "Expected a regular expression in RE2's syntax, got error parsing regexp: missing closing ): `a(` (at character 20)"],
    [
      "event.type.matches('(?=a)')",
      "Expected a regular expression in RE2's syntax, got error parsing regexp: invalid or unsupported Perl syntax: `(?=` (at character 20)",
    ],
    [`event.type.matches('${"a".repeat(501)}')`, "Expected a regular expression of at most 500 characters, got 501 (at character 20)"],
    ["event.type.matches('.{600}.{400,401}')", "Expected at most 1000 counted repetitions, got 1001 (at character 20)"],
    [
      "event.a.matches('.{300}') || event.b.matches('.{300}')",
      "Expected regular expressions of at most 500 instructions together, got 604 up to this one (at character 46)",
    ],
    ["event.a.exists(x, event.b.exists(y, x == y))", `Expected ${MACROS} beside each other, got one within another (at character 26)`],
    ["event.a.map(x, x).exists(y, y == 1)", `Expected ${MACROS} beside each other, got one within another (at character 8)`],
    ["event.a.all(x, size(x.filter(y, y > 1)) > 1)", `Expected ${MACROS} beside each other, got one within another (at character 22)`],
    ["event.a.exists_one(x, {'k': [x.map(y, y)]} == x)", `Expected ${MACROS} beside each other, got one within another (at character 31)`],
    ["1 + 1", "Expected an expression that is true or false, got one that never is"],
    ["'true'", "Expected an expression that is true or false, got one that never is"],
    ["event", "Expected an expression that is true or false, got one that never is"],
    ["event.a.map(x, x)", "Expected an expression that is true or false, got one that never is"],
    ["event.a ? 'yes' : 'no'", "Expected an expression that is true or false, got one that never is"],
    [`event.a == '${"x".repeat(2_048 - 12)}'`, "Expected an expression of at most 2048 characters, got 2049"],
  ])("%s", (expression, message) => {
    expect(faultsOf(expression)).toEqual([{ path: [], message }]);
  });

  test("all faults are told at once", () => {
    expect(faultsOf("foo == 1 && event.type.nope() || bar.matches(event.x)").map(({ message }) => message.replace(/^.* got /, ""))).toEqual([
      "foo (at character 1)",
      "nope (at character 23)",
      "one that is worked out (at character 37)",
      "bar (at character 34)",
    ]);
  });

  test("macros may stand beside each other, and in the branches of a choice", () => {
    expect(faultsOf("event.a.exists(x, x == 1) && (event.b.all(y, y > 1) ? event.c.map(z, z) == [] : false)")).toEqual([]);
  });

  test("an expression has 200 levels at most", () => {
    expect(faultsOf(`event${".a".repeat(199)}`)).toEqual([]);
    expect(faultsOf(`event${".a".repeat(200)}`)).toEqual([{ path: [], message: "Expected at most 200 levels, got more (at character 1)" }]);
  });

  test("2048 characters are none too many", () => {
    expect(faultsOf(`event.a == '${"x".repeat(2_048 - 13)}'`)).toEqual([]);
    expect(faultsOf(`event.a == '${"😀".repeat(2_048 - 13)}'`)).toEqual([]);
  });

  test("nothing that is written makes it throw", () => {
    const token = fc.constantFrom(
      "event",
      ".",
      "a",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "?",
      ":",
      "&&",
      "!",
      "-",
      "==",
      "1",
      '"',
      "'",
      "exists(x, ",
      "map(",
      "has(",
      ",",
      "in",
      " ",
      "\\",
      "\u0000",
      "matches('",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 25 }), fc.jsonValue(), (tokens, value) => {
        const filter = compileFilter(tokens.join(""));
        if (filter.ok) expect(typeof filter.matches({ a: value })).toBe("boolean");
        else for (const { message } of filter.faults) expect(message).toMatch(/^Expected .+, got /s);
      }),
      { numRuns: 1_000 },
    );
  });
});
