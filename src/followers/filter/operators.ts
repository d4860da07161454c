import { cidrContains, readCidr } from "./cidr.ts";
import { shown } from "./fault.ts";
import { fold } from "./fold.ts";
import { readNumeric } from "./numeric.ts";
import { type Place, within } from "./place.ts";
import { isPlainObject } from "./plain-object.ts";
import { readWildcard, wildcardMatches } from "./wildcard.ts";

/** What a pattern compares with: the values of an event that are neither object nor list. */
export type Scalar = string | number | boolean | null;

/** Whether a value is what was asked for. */
export type Test = (value: Scalar) => boolean;

/** A test, with how many values it compares, and what it costs: a value among many that must only be equal is found at once. */
export interface Comparison {
  readonly test: Test;
  readonly values: number;
  readonly steps: number;
}

type TextTest = (text: string) => boolean;

const IGNORING_CASE = "equals-ignore-case";

/** The operators on texts that stand alone, by name; `exists` is the leaf's own. */
const OPERATORS: ReadonlyMap<string, (value: unknown, place: Place) => Comparison | undefined> = new Map([
  ["prefix", (value: unknown, place: Place) => ofText(affix(value, place, startsWith))],
  ["suffix", (value: unknown, place: Place) => ofText(affix(value, place, endsWith))],
  [IGNORING_CASE, (value: unknown, place: Place) => ofText(textTest(IGNORING_CASE, value, place))],
  ["wildcard", (value: unknown, place: Place) => ofText(textTest("wildcard", value, place))],
  ["cidr", (value: unknown, place: Place) => ofText(cidr(value, place))],
  ["numeric", (value: unknown, place: Place) => one(readNumeric(value, place))],
  ["anything-but", anythingBut],
]);

/** What `anything-but` takes beside values, and how a text is tested for it. */
const TEXT_TESTS: ReadonlyMap<string, (text: string, place: Place) => TextTest | undefined> = new Map([
  ["prefix", (part: string, place: Place) => nonEmpty(part, place) && startsWith(part)],
  ["suffix", (part: string, place: Place) => nonEmpty(part, place) && endsWith(part)],
  [IGNORING_CASE, (part: string) => equalsIgnoringCase(part)],
  ["wildcard", wildcard],
]);

/** Reads an operator: an object with one name. */
export function readOperator(value: Readonly<Record<string, unknown>>, place: Place): Comparison | undefined {
  const entry = onlyEntry(value, [...OPERATORS.keys(), "exists"], place);
  if (entry === undefined) return undefined;
  return OPERATORS.get(entry[0])?.(entry[1], within(place, entry[0]));
}

/** The one name of an operator, and what it takes. Tells where it is none of these. */
function onlyEntry(value: Readonly<Record<string, unknown>>, names: readonly string[], { path, faults }: Place): readonly [string, unknown] | undefined {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || !names.includes(entry[0])) return faults.add(path, `one of the operators ${names.join(", ")}`, shown(value));
  return entry;
}

function anythingBut(value: unknown, place: Place): Comparison | undefined {
  if (isPlainObject(value)) return anythingButTexts(value, place);
  const excluded: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isAll = (type: string): boolean => excluded.every((item) => typeof item === type && (type === "string" || Number.isFinite(item)));
  if (excluded.length === 0 || !(isAll("string") || isAll("number")))
    return place.faults.add(place.path, `texts only, numbers only, or one of ${[...TEXT_TESTS.keys()].join(", ")}`, shown(value));
  const set = new Set(excluded);
  return { test: (candidate) => !set.has(candidate), values: set.size, steps: 1 };
}

/** A value that is no text is none of the excluded ones, as AWS has it: `{ "anything-but": { "prefix": "a" } }` is true of 12 and of null. */
function anythingButTexts(value: Readonly<Record<string, unknown>>, place: Place): Comparison | undefined {
  const entry = onlyEntry(value, [...TEXT_TESTS.keys()], place);
  if (entry === undefined) return undefined;
  const [name, given] = entry;
  const inner = within(place, name);
  if (Array.isArray(given) && given.length === 0) return inner.faults.add(inner.path, "a text, or a list with at least one", "[]");
  const tests = (Array.isArray(given) ? given : [given]).map((item: unknown, i) => textTest(name, item, Array.isArray(given) ? within(inner, i) : inner));
  const known = tests.filter((test) => test !== undefined);
  return { test: (candidate) => typeof candidate !== "string" || !known.some((test) => test(candidate)), values: tests.length, steps: tests.length };
}

function textTest(name: string, value: unknown, place: Place): TextTest | undefined {
  if (typeof value !== "string") return place.faults.add(place.path, "a text", shown(value));
  return TEXT_TESTS.get(name)?.(value, place);
}

/** A prefix or suffix: a text, or one to compare without regard to case. */
function affix(value: unknown, place: Place, test: (part: string) => TextTest): TextTest | undefined {
  if (typeof value === "string") return test(value);
  if (!isPlainObject(value)) return place.faults.add(place.path, `a text, or { "${IGNORING_CASE}": a text }`, shown(value));
  const entry = onlyEntry(value, [IGNORING_CASE], place);
  if (entry === undefined) return undefined;
  const inner = within(place, IGNORING_CASE);
  if (typeof entry[1] !== "string") return inner.faults.add(inner.path, "a text", shown(entry[1]));
  const folded = test(fold(entry[1]));
  return (text) => folded(fold(text));
}

function wildcard(value: string, { path, faults }: Place): TextTest | undefined {
  const read = readWildcard(value);
  if (!read.ok) return faults.add(path, read.expected, read.got);
  return (text) => wildcardMatches(read.pieces, text);
}

function cidr(value: unknown, { path, faults }: Place): TextTest | undefined {
  const block = typeof value === "string" ? readCidr(value) : undefined;
  if (block === undefined) return faults.add(path, "a block of IPv4 or IPv6 addresses, such as 10.0.0.0/24", shown(value));
  return (text) => cidrContains(block, text);
}

function startsWith(part: string): TextTest {
  return (text) => text.startsWith(part);
}

function endsWith(part: string): TextTest {
  return (text) => text.endsWith(part);
}

function equalsIgnoringCase(part: string): TextTest {
  const folded = fold(part);
  return (text) => fold(text) === folded;
}

/** Anything begins with nothing, so that nothing would be left. */
function nonEmpty(part: string, { path, faults }: Place): true | undefined {
  return part === "" ? faults.add(path, "a text that is not empty", '""') : true;
}

function ofText(test: TextTest | undefined): Comparison | undefined {
  return test && one((value) => typeof value === "string" && test(value));
}

function one(test: Test | undefined): Comparison | undefined {
  return test && { test, values: 1, steps: 1 };
}
