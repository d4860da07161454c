import { Validator } from "@cfworker/json-schema";
import { sample, stringMatching } from "fast-check";
import { generateSync } from "json-schema-faker";
import type { JsonSchema } from "./schema-changes.ts";

const validators = new WeakMap<object, Validator>();

/** Whether a value is one that the schema allows. */
export function isValid(schema: JsonSchema, value: unknown): boolean {
  const known = validators.get(schema);
  const validator = known ?? new Validator(schema as ConstructorParameters<typeof Validator>[0], "2020-12");
  if (!known) validators.set(schema, validator);
  return value !== undefined && validator.validate(value).valid;
}

/** Values on the edges of what a schema allows, the plainest first; in an object one member is varied at a time. None where it allows nothing. */
export function validValues(schema: JsonSchema, seed: number): readonly unknown[] {
  return distinct(edges(schema, seed)).filter((value) => isValid(schema, value));
}

/** Values by chance that the schema allows. */
export function chanceValues(schema: JsonSchema, seed: number, count: number): readonly unknown[] {
  const values: unknown[] = [];
  for (let index = 0; index < count; index++) {
    try {
      values.push(generateSync(schema as never, { seed: seed + index } as never));
    } catch {
      // A pattern or a format that the generator does not know: the edges cover it.
    }
  }
  return distinct(values).filter((value) => isValid(schema, value));
}

/** A value with every member that may be there, and the schema (one branch of it) that it is of. */
export interface Whole {
  readonly schema: JsonSchema;
  readonly value: unknown;
}

/** What stands where any text may. */
export const PLAIN_TEXT = "abc";

/** One value for each branch of a schema, with every member that may be there. */
export function fullValues(schema: JsonSchema, seed: number): readonly Whole[] {
  const branches = branchesOf(schema);
  if (branches.length > 0) return branches.flatMap((branch) => fullValues(branch, seed));
  const [first] = edges(schema, seed);
  if (!isObject(schema)) return first === undefined ? [] : [{ schema, value: first }];
  return [{ schema, value: fullObject(schema, seed) }];
}

/** The branches that a schema chooses from, each with what holds for all of them; none where it is one. */
export function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  const { oneOf, anyOf, ...shared } = schema as JsonSchema & { readonly oneOf?: readonly JsonSchema[]; readonly anyOf?: readonly JsonSchema[] };
  const branches = oneOf ?? anyOf ?? [];
  return isObject(shared) ? branches.map((branch) => both(shared, branch)) : branches;
}

/** An object that is as both say; where they speak of the same member, as the second says. */
function both(one: JsonSchema, other: JsonSchema): JsonSchema {
  const properties = { ...(one["properties"] as object | undefined), ...(other["properties"] as object | undefined) };
  const required = [one, other].flatMap((schema) => (schema["required"] ?? []) as readonly string[]);
  return { ...one, ...other, properties, required };
}

/** A schema's types. */
export function typesOf(schema: JsonSchema): readonly string[] {
  const { type } = schema as { type?: string | readonly string[] };
  if (type === undefined) return isObject(schema) ? ["object"] : [];
  return typeof type === "string" ? [type] : type;
}

export function propertiesOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  return Object.entries((schema["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>);
}

function isObject(schema: JsonSchema): boolean {
  return schema["properties"] !== undefined || schema["type"] === "object" || (Array.isArray(schema["type"]) && schema["type"].includes("object"));
}

const ANYTHING: readonly unknown[] = ["any", null, true, false, 0, -1.5, 1e21, "", "äöü 😀", [], {}, [[1], { a: [null] }], { a: { "": 1, é: "ü" } }];

function edges(schema: JsonSchema, seed: number): readonly unknown[] {
  if ("not" in schema && Object.keys(schema["not"] as object).length === 0) return [];
  if ("const" in schema) return [schema["const"]];
  if (Array.isArray(schema["enum"])) return schema["enum"];
  return "example" in schema ? [...constrained(schema, seed), schema["example"]] : constrained(schema, seed);
}

function constrained(schema: JsonSchema, seed: number): readonly unknown[] {
  const branches = branchesOf(schema);
  if (branches.length > 0) return branches.flatMap((branch) => edges(branch, seed));
  const types = typesOf(schema);
  return types.length === 0 ? ANYTHING : types.flatMap((type) => EDGES[type]?.(schema, seed) ?? []);
}

const EDGES: Readonly<Record<string, (schema: JsonSchema, seed: number) => readonly unknown[]>> = {
  null: () => [null],
  boolean: () => [true, false],
  integer: (schema) => numbers(schema).filter(Number.isInteger),
  number: (schema) => [...numbers(schema), 0.5, -1e-7, 1.7976931348623157e308],
  string: strings,
  array: arrays,
  object: objects,
};

function numbers(schema: JsonSchema): readonly number[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema as Readonly<Record<string, number | undefined>>;
  const bounds = [
    minimum,
    maximum,
    exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1,
    exclusiveMaximum === undefined ? undefined : exclusiveMaximum - 1,
  ];
  return [1, 0, ...bounds, (minimum ?? 0) + 1, (maximum ?? 1e6) - 1].filter((value) => value !== undefined);
}

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  "date-time": [
    "2026-11-20T10:00:00.000Z",
    "2026-11-20T10:00:00Z",
    "2024-02-29T23:59:59.999999+14:00",
    "0001-01-01T00:00:00-12:00",
    "9999-12-31T23:59:59.999Z",
    "2016-12-31T23:59:60Z",
    "2026-11-20t10:00:00.5z",
  ],
  uri: ["https://example.test/a?b=c", "urn:a:b"],
  "uri-reference": ["/sensors/s1", "https://example.test/a?b#c", "a", "../a", "?q"],
  email: ["a@example.test"],
  uuid: ["0193a3c4-0000-7000-8000-000000000000"],
};

function strings(schema: JsonSchema, seed: number): readonly string[] {
  const { pattern, format, minLength = 0, maxLength } = schema as { pattern?: string; format?: string; minLength?: number; maxLength?: number };
  if (pattern !== undefined) return matching(pattern, seed);
  const formed = FORMATS[format ?? ""];
  if (formed) return formed;
  const longest = maxLength ?? 2000;
  return [PLAIN_TEXT, "a".repeat(minLength), "a".repeat(longest), "é".repeat(longest), "😀".repeat(longest), "a b/c?d#e%f&g=h+i\"'\\"];
}

/** Of what matches: the shortest, the longest, some by chance. Look-aheads are left out, so not all that comes does match. */
function matching(pattern: string, seed: number): readonly string[] {
  const plain = pattern.replaceAll(/\(\?[!=](?:\\.|[^()])*\)/g, "");
  return [plain, bounded(plain, "min"), bounded(plain, "max")].flatMap((source) => {
    return sample(stringMatching(new RegExp(source)), { seed, numRuns: 3 }).filter((text) => new RegExp(pattern, "u").test(text));
  });
}

/** The pattern with every repetition held at its fewest or its most; what has no end ends at 40. */
function bounded(pattern: string, bound: "min" | "max"): string {
  const isMax = bound === "max";
  return pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?[:!=]|\{(\d+)(?:,(\d*))?\}|[*+?]/g, (found, least?: string, most?: string) => {
    if (least !== undefined) return `{${isMax ? most || (most === "" ? 40 : least) : least}}`;
    if (found === "*") return isMax ? "{40}" : "{0}";
    if (found === "+") return isMax ? "{40}" : "{1}";
    return found === "?" ? (isMax ? "{1}" : "{0}") : found;
  });
}

/** More than this is for the limits of size. */
const MOST_ITEMS = 1000;

function arrays(schema: JsonSchema, seed: number): readonly unknown[] {
  const { minItems = 0, maxItems = 3 } = schema as { minItems?: number; maxItems?: number };
  const items = edges((schema["items"] ?? {}) as JsonSchema, seed);
  const [plain] = items;
  const filled = (length: number): readonly unknown[] => Array.from({ length: Math.min(length, MOST_ITEMS) }, () => plain);
  return [filled(Math.max(1, minItems)), filled(minItems), filled(maxItems), ...items.map((item) => [item, ...filled(minItems - 1)])];
}

function objects(schema: JsonSchema, seed: number): readonly unknown[] {
  const required = (schema["required"] ?? []) as readonly string[];
  const least = Object.fromEntries(propertiesOf(schema).flatMap(([name, member]) => (required.includes(name) ? [[name, edges(member, seed)[0]]] : [])));
  const varied = propertiesOf(schema).flatMap(([name, member]) => edges(member, seed).map((value) => ({ ...least, [name]: value })));
  const extra = schema["additionalProperties"] === false ? [] : [{ ...least, extra: "more" }];
  return [least, fullObject(schema, seed), ...varied, ...extra];
}

function fullObject(schema: JsonSchema, seed: number): unknown {
  const members = propertiesOf(schema).map(([name, member]) => [name, edges(member, seed)[0]] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function distinct(values: readonly unknown[]): readonly unknown[] {
  const seen = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...seen.values()];
}
