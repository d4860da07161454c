import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { compileFilter, type FilterFault } from "../../../src/followers/filter/compile-filter.ts";

// Much is tried, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

function faultsOf(filter: unknown): readonly FilterFault[] {
  const compiled = compileFilter(filter);
  return compiled.ok ? [] : compiled.faults;
}

const OPERATORS = "prefix, suffix, equals-ignore-case, wildcard, cidr, numeric, anything-but, exists";

describe("a pattern that is none is told where, what was expected and what is there", () => {
  test.each<readonly [unknown, FilterFault["path"], string]>([
    [5, [], "Expected an object that names at least one field, got 5"],
    [undefined, [], "Expected an object that names at least one field, got undefined"],
    [["a"], [], 'Expected an object that names at least one field, got ["a"]'],
    [{}, [], "Expected an object that names at least one field, got {}"],
    [new Map([["a", 1]]), [], "Expected an object that names at least one field, got {}"],
    [{ a: {} }, ["a"], "Expected an object that names at least one field, got {}"],
    [{ int: 42 }, ["int"], "Expected a list of values, or an object of fields, got 42"],
    [{ a: { b: "x" } }, ["a", "b"], 'Expected a list of values, or an object of fields, got "x"'],
    [{ a: [] }, ["a"], "Expected a list with at least one value, got []"],
    [{ a: ["x", ["y"]] }, ["a", 1], 'Expected a text, a number, true, false, null or an operator, got ["y"]'],
    [{ a: [Number.NaN] }, ["a", 0], "Expected a text, a number, true, false, null or an operator, got null"],
    [{ a: [{}] }, ["a", 0], `Expected one of the operators ${OPERATORS}, got {}`],
    [{ a: [{ NUMERIC: ["=", 5] }] }, ["a", 0], `Expected one of the operators ${OPERATORS}, got {"NUMERIC":["=",5]}`],
    [{ a: [{ prefix: "a", suffix: "b" }] }, ["a", 0], `Expected one of the operators ${OPERATORS}, got {"prefix":"a","suffix":"b"}`],
    [{ a: [{ constructor: 1 }] }, ["a", 0], `Expected one of the operators ${OPERATORS}, got {"constructor":1}`],
    [{ a: [{ exists: "yes" }] }, ["a", 0, "exists"], 'Expected true or false, got "yes"'],
    [{ a: [{ prefix: ["x"] }] }, ["a", 0, "prefix"], 'Expected a text, or { "equals-ignore-case": a text }, got ["x"]'],
    [{ a: [{ suffix: { prefix: "x" } }] }, ["a", 0, "suffix"], 'Expected one of the operators equals-ignore-case, got {"prefix":"x"}'],
    [{ a: [{ prefix: { "equals-ignore-case": 1 } }] }, ["a", 0, "prefix", "equals-ignore-case"], "Expected a text, got 1"],
    [{ a: [{ "equals-ignore-case": ["x"] }] }, ["a", 0, "equals-ignore-case"], 'Expected a text, got ["x"]'],
    [{ a: [{ wildcard: 123 }] }, ["a", 0, "wildcard"], "Expected a text, got 123"],
    [{ a: [{ wildcard: "a**b" }] }, ["a", 0, "wildcard"], "Expected no two * in a row in a wildcard, got two at character 2"],
    [{ a: [{ wildcard: "a\\b" }] }, ["a", 0, "wildcard"], "Expected * or \\ after a \\ in a wildcard, got b at character 3"],
    [{ a: [{ wildcard: "a\\" }] }, ["a", 0, "wildcard"], "Expected * or \\ after a \\ in a wildcard, got the end at character 3"],
    [{ a: [{ wildcard: "a".repeat(251) }] }, ["a", 0, "wildcard"], "Expected a wildcard of at most 250 characters, got 251"],
    [
      { a: [{ "anything-but": null }] },
      ["a", 0, "anything-but"],
      "Expected texts only, numbers only, or one of prefix, suffix, equals-ignore-case, wildcard, got null",
    ],
    [
      { a: [{ "anything-but": [] }] },
      ["a", 0, "anything-but"],
      "Expected texts only, numbers only, or one of prefix, suffix, equals-ignore-case, wildcard, got []",
    ],
    [
      { a: [{ "anything-but": [1, "x"] }] },
      ["a", 0, "anything-but"],
      'Expected texts only, numbers only, or one of prefix, suffix, equals-ignore-case, wildcard, got [1,"x"]',
    ],
    [
      { a: [{ "anything-but": { numeric: [">", 1] } }] },
      ["a", 0, "anything-but"],
      'Expected one of the operators prefix, suffix, equals-ignore-case, wildcard, got {"numeric":[">",1]}',
    ],
    [{ a: [{ "anything-but": { prefix: "" } }] }, ["a", 0, "anything-but", "prefix"], 'Expected a text that is not empty, got ""'],
    [{ a: [{ "anything-but": { prefix: [123, "test"] } }] }, ["a", 0, "anything-but", "prefix", 0], "Expected a text, got 123"],
    [
      { a: [{ "anything-but": { wildcard: ["*", "**"] } }] },
      ["a", 0, "anything-but", "wildcard", 1],
      "Expected no two * in a row in a wildcard, got two at character 1",
    ],
    [{ a: [{ "anything-but": { suffix: [] } }] }, ["a", 0, "anything-but", "suffix"], "Expected a text, or a list with at least one, got []"],
    [{ a: [{ numeric: [">", 0, "<"] }] }, ["a", 0, "numeric"], 'Expected an operator and a number, such as [">", 0, "<=", 5], or ["=", 5], got [">",0,"<"]'],
    [{ a: [{ numeric: ["!=", 0] }] }, ["a", 0, "numeric", 0], 'Expected one of = > >= < <=, got "!="'],
    [{ a: [{ numeric: ["<", 5, "<", 0] }] }, ["a", 0, "numeric", 0], 'Expected one of > >=, got "<"'],
    [{ a: [{ numeric: [">", 0, ">", 0] }] }, ["a", 0, "numeric", 2], 'Expected one of < <=, got ">"'],
    [{ a: [{ numeric: ["=", "5"] }] }, ["a", 0, "numeric", 1], 'Expected a number, got "5"'],
    [{ a: [{ numeric: [">", 5, "<", 5] }] }, ["a", 0, "numeric"], 'Expected a lower bound below the upper one, got [">",5,"<",5]'],
    [{ $or: { a: [1] } }, ["$or"], 'Expected a list of at least two patterns to choose from, got {"a":[1]}'],
    [{ $or: [{ a: [1] }] }, ["$or"], 'Expected a list of at least two patterns to choose from, got [{"a":[1]}]'],
    [{ b: { $or: [{ a: [1] }, 5] } }, ["b", "$or", 1], "Expected an object that names at least one field, got 5"],
    [
      { a: [1], $or: [{ a: [2] }, { b: [1] }] },
      ["$or", 0, "a"],
      "Expected each field to be asked for once where conditions hold together, got a second condition on this one",
    ],
    [
      { a: [1], $or: [{ c: [2] }, { a: { b: [1] } }] },
      ["$or", 1, "a"],
      "Expected each field to be asked for once where conditions hold together, got a second condition on this one",
    ],
  ])("%j", (pattern, path, message) => {
    expect(faultsOf(pattern)).toEqual([{ path, message }]);
  });

  // event-ruler's CIDRTest, SpotMalformedCIDRs; and numbers that others read as octal.
  test.each([
    "192.168.0.1/33",
    "foo",
    "foo/bar/baz",
    "192.168.0.1/foo",
    "192.168.0.1/-3424",
    "snorkle/3",
    "10.10.10.10.10/3",
    "2.1.0.-1/3",
    "010.0.0.0/8",
    "10.0.0.256/8",
  ])("%s is no block of addresses", (cidr) => {
    expect(faultsOf({ a: [{ cidr }] })).toEqual([
      { path: ["a", 0, "cidr"], message: `Expected a block of IPv4 or IPv6 addresses, such as 10.0.0.0/24, got "${cidr}"` },
    ]);
  });

  test.each([
    "2400:6500:3:3:3:3:3:3:3:3FF00::36FB:1F80/122",
    "2400:6500:FF00::36FB:1F80/222",
    "1::2::3/8",
    "1:2:3:4:5:6:7/8",
    "::g/8",
    "1:2:3:4:5:6:7:8:1.2.3.4/8",
    ":/0",
    "",
  ])("%s is none either", (cidr) => {
    expect(faultsOf({ a: [{ cidr }] })).toMatchObject([{ path: ["a", 0, "cidr"] }]);
  });
});

test.each([
  ["2400:6500:FF00::36FB:1F80/122", "2400:6500:ff00:0:0:0:36fb:1fbf", "2400:6500:ff00::36fb:1fc0"],
  ["2001:db8:1234:1a00::/64", "2001:0db8:1234:1a00:0000:0000:0000:0000", "2001:db8:1234:1a01::"],
  ["::ffff:10.0.0.0/104", "::ffff:10.200.3.4", "10.200.3.4"],
  ["0.0.0.0/0", "255.255.255.255", "::"],
  ["10.1.2.3/32", "10.1.2.3", "10.1.2.4"],
])("%s has %s and not %s", (cidr, inside, outside) => {
  const filter = compileFilter({ a: [{ cidr }] });
  expect(filter.ok && [filter.matches({ a: inside }), filter.matches({ a: outside })]).toEqual([true, false]);
});

test("all faults are told at once", () => {
  const pattern = { a: [], b: { c: 5, d: [{ prefix: 1 }, { numeric: ["<", "x"] }] }, $or: [{ e: [] }, { f: [{ g: 1 }] }] };
  expect(faultsOf(pattern).map(({ path }) => path.join("."))).toEqual(["a", "b.c", "b.d.0.prefix", "b.d.1.numeric.1", "$or.0.e", "$or.1.f.0"]);
});

test("no more than 100 faults are told", () => {
  expect(faultsOf({ a: Array.from({ length: 150 }, () => []) })).toHaveLength(100);
});

describe("limits", () => {
  test("a pattern has 4096 bytes at most, not characters", () => {
    const sized = (fill: string): unknown => ({ a: [fill] });
    const overhead = JSON.stringify(sized("")).length;
    expect(faultsOf(sized("x".repeat(4_096 - overhead)))).toEqual([]);
    expect(faultsOf(sized("x".repeat(4_097 - overhead)))).toEqual([{ path: [], message: "Expected a pattern of at most 4096 bytes of JSON, got 4097" }]);
    expect(faultsOf(sized("é".repeat(2_048)))).toEqual([{ path: [], message: `Expected a pattern of at most 4096 bytes of JSON, got ${4_096 + overhead}` }]);
  });

  test("a pattern has 32 levels at most", () => {
    const nested = (levels: number): unknown => (levels === 1 ? [1] : { a: nested(levels - 1) });
    expect(faultsOf(nested(32))).toEqual([]);
    expect(faultsOf(nested(33))).toEqual([
      { path: Array.from({ length: 32 }, () => "a"), message: "Expected at most 32 levels of objects and lists, got more" },
    ]);
  });

  test("one that contains itself has more", () => {
    const pattern: Record<string, unknown> = {};
    pattern.a = pattern;
    expect(faultsOf(pattern)).toMatchObject([{ message: "Expected at most 32 levels of objects and lists, got more" }]);
  });

  test("a pattern compares with 1000 values at most", () => {
    const numbers = (count: number): unknown => ({ a: Array.from({ length: count }, (_, i) => i % 10 ** 3), b: [1] });
    expect(faultsOf(numbers(999))).toEqual([]);
    const message = "Expected at most 1000 values to compare with, after each $or that shares fields with others is multiplied out, got more";
    expect(faultsOf({ a: Array.from({ length: 1_001 }, (_, i) => i) })).toEqual([{ path: [], message }]);
    const choice = (name: string, count: number): readonly unknown[] => Array.from({ length: count }, (_, i) => ({ [name]: [i] }));
    const shared = (count: number): unknown => ({ $or: choice("x", count).map((a) => ({ d: a })), d: { $or: choice("y", count) } });
    // Two choices that share a list: for each branch of the first one value, and all of the second.
    expect(faultsOf(shared(31))).toEqual([]);
    expect(faultsOf(shared(32))).toEqual([{ path: [], message }]);
    // Side by side they are not multiplied.
    expect(faultsOf({ $or: choice("x", 100), d: { $or: choice("y", 100) } })).toEqual([]);
  });

  test("what is no JSON is no pattern", () => {
    expect(faultsOf({ a: [1n] })).toEqual([{ path: [], message: "Expected a pattern of JSON, got something that is no JSON" }]);
  });
});

test("nothing that is given makes it throw, and what it takes never throws on an event", () => {
  const json = fc.jsonValue({ maxDepth: 5 });
  const operand = fc.oneof(json, fc.constantFrom(">", "a**", "10.0.0.0/8", "\\"));
  const operator = fc
    .tuple(
      fc.constantFrom("prefix", "suffix", "wildcard", "cidr", "numeric", "anything-but", "exists", "equals-ignore-case", "$or"),
      fc.oneof(operand, fc.array(operand)),
    )
    .map(([name, value]) => ({ [name]: value }));
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      operator,
      json,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "$or", "__proto__"), tie("tree"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.dictionary(fc.constantFrom("a", "b"), json), (pattern, event) => {
      const filter = compileFilter(pattern);
      if (filter.ok) expect(typeof filter.matches(event)).toBe("boolean");
      else for (const { message } of filter.faults) expect(message).toMatch(/^Expected .+, got /s);
    }),
    { numRuns: 1_000 },
  );
});
