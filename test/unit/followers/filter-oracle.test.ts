import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { compileFilter } from "../../../src/followers/filter/compile-filter.ts";

// Much is tried, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

/**
 * The formal definition of event-ruler's README, word for word and without a thought for time: an event is a list of fields, each with
 * the elements it lies in; a pattern is one of several sets of conditions; a match gives each condition a field, no two of them in
 * different elements of one list.
 */
interface EventField {
  readonly path: string;
  readonly value: unknown;
  /** By the number of a list, the index in it. */
  readonly elements: ReadonlyMap<number, number>;
}

type Json = Readonly<Record<string, unknown>>;
type Condition = readonly [path: string, alternatives: readonly unknown[]];

function fieldsOf(event: Json): readonly EventField[] {
  const fields: EventField[] = [];
  let lists = 0;
  const go = (value: unknown, path: string, elements: ReadonlyMap<number, number>): void => {
    if (Array.isArray(value)) {
      const list = lists++;
      for (const [i, item] of value.entries()) go(item, path, typeof item === "object" && item !== null ? new Map([...elements, [list, i]]) : elements);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, item] of Object.entries(value)) go(item, `${path}/${name}`, elements);
    } else fields.push({ path, value, elements });
  };
  go(event, "", new Map());
  return fields;
}

function casesOf(pattern: Json, path = ""): readonly (readonly Condition[])[] {
  let cases: readonly (readonly Condition[])[] = [[]];
  for (const [name, value] of Object.entries(pattern)) {
    const added: readonly (readonly Condition[])[] =
      name === "$or"
        ? (value as Json[]).flatMap((branch) => casesOf(branch, path))
        : Array.isArray(value)
          ? [[[`${path}/${name}`, value]]]
          : casesOf(value as Json, `${path}/${name}`);
    cases = cases.flatMap((one) => added.map((more) => [...one, ...more]));
  }
  return cases;
}

function areTogether(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  return [...a].every(([list, index]) => !b.has(list) || b.get(list) === index);
}

const isAbsence = (alternative: unknown): boolean => JSON.stringify(alternative) === '{"exists":false}';

function isMet(alternative: unknown, value: unknown): boolean {
  if (typeof alternative !== "object" || alternative === null) return alternative === value;
  const [operator, operand] = Object.entries(alternative)[0] as [string, unknown];
  if (operator === "exists") return operand === true;
  if (operator === "anything-but") return value !== operand;
  return typeof value === "string" && value.startsWith(operand as string);
}

function holds(conditions: readonly Condition[], fields: readonly EventField[]): boolean {
  const search = (at: number, elements: ReadonlyMap<number, number>, absent: readonly string[]): boolean => {
    const condition = conditions[at];
    if (condition === undefined) return absent.every((path) => !fields.some((field) => field.path === path && areTogether(field.elements, elements)));
    const [path, alternatives] = condition;
    if (alternatives.some(isAbsence) && search(at + 1, elements, [...absent, path])) return true;
    return fields.some(
      (field) =>
        field.path === path &&
        areTogether(field.elements, elements) &&
        alternatives.some((alternative) => !isAbsence(alternative) && isMet(alternative, field.value)) &&
        search(at + 1, new Map([...elements, ...field.elements]), absent),
    );
  };
  return search(0, new Map(), []);
}

const name = fc.constantFrom("a", "b", "c");
const scalar = fc.constantFrom<unknown>("x", "xy", "", 1, 2, true, null);

/** Events, and patterns, with so many levels of objects at most. */
function events(levels: number): fc.Arbitrary<Json> {
  const items = levels === 0 ? scalar : fc.oneof(scalar, events(levels - 1), events(levels - 1));
  const lists = fc.array(fc.oneof({ weight: 4, arbitrary: items }, { weight: 1, arbitrary: fc.array(items, { maxLength: 2 }) }), { maxLength: 3 });
  return fc.dictionary(name, fc.oneof(items, lists, lists), { maxKeys: 3 });
}

const alternatives = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: scalar },
    fc.constantFrom<unknown>({ exists: true }, { exists: false }, { exists: false }, { prefix: "x" }, { "anything-but": "x" }, { "anything-but": 1 }),
  ),
  { minLength: 1, maxLength: 3 },
);

function patterns(levels: number): fc.Arbitrary<Json> {
  if (levels === 0) return fc.dictionary(name, alternatives, { minKeys: 1, maxKeys: 2 });
  const fields = fc.dictionary(name, fc.oneof(alternatives, patterns(levels - 1)), { minKeys: 1, maxKeys: 2 });
  const choice = fc.array(patterns(levels - 1), { minLength: 2, maxLength: 2 });
  return fc.oneof(
    fields,
    fc.tuple(fields, choice).map(([fields, choice]) => ({ ...fields, $or: choice })),
    choice.map((choice) => ({ $or: choice })),
  );
}

const event = events(2);
const pattern = patterns(2).filter((pattern) => casesOf(pattern).length <= 50);

test("a pattern matches exactly what the definition says, whatever lists lie in lists", () => {
  const seen = { matched: 0, not: 0, inLists: 0 };
  fc.assert(
    fc.property(pattern, fc.array(event, { minLength: 4, maxLength: 4 }), (pattern, events) => {
      const filter = compileFilter(pattern);
      fc.pre(filter.ok);
      const cases = casesOf(pattern);
      for (const event of events) {
        const fields = fieldsOf(event);
        const expected = cases.some((conditions) => holds(conditions, fields));
        expect(filter.matches(event)).toBe(expected);
        seen[expected ? "matched" : "not"]++;
        if (expected && fields.some(({ elements }) => elements.size > 0)) seen.inLists++;
      }
    }),
    { numRuns: 800 },
  );
  // Else the property would say little.
  expect(Math.min(seen.matched, seen.not, seen.inLists)).toBeGreaterThan(30);
});

test("a pattern in which one path is asked for twice is refused, and no other", () => {
  fc.assert(
    fc.property(pattern, (pattern) => {
      const isTwice = casesOf(pattern).some((conditions) =>
        conditions.some(([path], i) => conditions.some(([other], j) => i !== j && (other === path || other.startsWith(`${path}/`)))),
      );
      expect(compileFilter(pattern).ok).toBe(!isTwice);
    }),
    { numRuns: 2_000 },
  );
});

const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
const wildcards = fc
  .array(fc.constantFrom("a", "b", "*", "*", "\\*", "\\\\", "."), { maxLength: 6 })
  .filter((parts) => parts.every((part, i) => part !== "*" || parts[i + 1] !== "*"));

test("a wildcard matches as the regular expression of the same meaning", () => {
  fc.assert(
    fc.property(wildcards, text, fc.string({ unit: fc.constantFrom("a", "b", "*", "\\", "."), maxLength: 3 }), (parts, text, other) => {
      const meaning = parts.map((part) => (part === "*" ? "[^]*" : part === "." ? "\\." : part)).join("");
      const filter = compileFilter({ a: [{ wildcard: parts.join("") }] });
      // What it stands for where each star is this text, and that with a character less: where it matches by a hair.
      const near = parts.map((part) => (part === "*" ? text.slice(0, 2) : part.at(-1))).join("");
      for (const asked of [text, other, near, near.slice(1), near.slice(0, -1)])
        expect(filter.ok && filter.matches({ a: asked })).toBe(new RegExp(`^${meaning}$`).test(asked));
    }),
    { numRuns: 2_000 },
  );
});

test("a block of addresses has those whose first bits are its own", () => {
  const bits = (address: readonly number[]): string => address.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 10, 255));
  const v6 = (address: readonly number[]): string => {
    const hex = address.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return (hex.match(/.{4}/g) as string[]).join(":");
  };
  for (const [length, write] of [
    [4, (address: readonly number[]) => address.join(".")],
    [16, v6],
  ] as const) {
    const address = fc.array(byte, { minLength: length, maxLength: length });
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: length * 8 }), fc.nat(length), (block, other, prefix, shared) => {
        const asked = [...block.slice(0, shared), ...other.slice(shared)];
        const filter = compileFilter({ a: [{ cidr: `${write(block)}/${prefix}` }] });
        expect(filter.ok && filter.matches({ a: write(asked) })).toBe(bits(block).slice(0, prefix) === bits(asked).slice(0, prefix));
      }),
    );
  }
});

test("numbers are compared as numbers", () => {
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }));
  const lower = fc.constantFrom(">", ">=");
  const upper = fc.constantFrom("<", "<=");
  fc.assert(
    fc.property(number, number, number, lower, upper, (a, b, value, over, under) => {
      fc.pre(a < b);
      const filter = compileFilter({ n: [{ numeric: [over, a, under, b] }] });
      const expected = (over === ">" ? value > a : value >= a) && (under === "<" ? value < b : value <= b);
      expect(filter.ok && filter.matches({ n: value })).toBe(expected);
      for (const [operator, holds] of [
        [">", value > a],
        [">=", value >= a],
        ["<", value < a],
        ["<=", value <= a],
        ["=", value === a],
      ] as const) {
        const one = compileFilter({ n: [{ numeric: [operator, a] }] });
        expect(one.ok && one.matches({ n: value })).toBe(holds);
      }
    }),
  );
});
