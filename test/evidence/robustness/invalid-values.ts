import type { Schema } from "./description.ts";
import { branchesOf, isValid, propertiesOf, typesOf, type Whole } from "../../support/valid-values.ts";

/** A value with one thing wrong, and where. */
export interface Violation {
  readonly at: string;
  readonly value: unknown;
}

/** Values that a schema forbids: for each place of the whole values one wrong thing at a time, all else as it is. */
export function violations(schema: Schema, wholes: readonly Whole[]): readonly Violation[] {
  return wholes.flatMap((whole) => spoilt(whole.schema, whole.value)).filter(({ value }) => value !== undefined && !isValid(schema, value));
}

/** Texts that a parameter's schema forbids. */
export function invalidTexts(schema: Schema, valid: string): readonly string[] {
  const isNumber = typesOf(schema).some((type) => type === "integer" || type === "number");
  const { minimum, maximum, maxLength = 0 } = schema as { minimum?: number; maximum?: number; maxLength?: number };
  const bounds = [minimum === undefined ? [] : [String(minimum - 1)], maximum === undefined ? [] : [String(maximum + 1)]].flat();
  const longer = maxLength > 0 && maxLength < 20_000 ? ["a".repeat(maxLength + 1)] : [];
  return [...TEXTS, ...bounds, ...longer, `${valid} `, ` ${valid}`, `${valid}\n`, `${valid}\u0000`, `${valid}/x`].filter((text) =>
    isNumber ? !isNumberText(schema, text) : !isValid(schema, text),
  );
}

const TEXTS = [
  "",
  " ",
  "NaN",
  "Infinity",
  "-1",
  "1e3",
  "1.5",
  "0x10",
  "+1",
  "null",
  "[]",
  "{}",
  "1,2",
  "9".repeat(40),
  "１",
  "💩",
  "\u0000",
  "a b",
  "x".repeat(3000),
];

function isNumberText(schema: Schema, text: string): boolean {
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) && isValid(schema, Number(text));
}

const OTHER_TYPES: readonly unknown[] = [null, true, 0, 1.5, "text", "", [], {}, [{}], { a: 1 }];

function spoilt(schema: Schema, value: unknown): readonly Violation[] {
  const branch = branchesOf(schema).find((branch) => isValid(branch, value));
  if (branch) return spoilt(branch, value);
  const here = [...OTHER_TYPES, ...outOfBounds(schema, value)].map((wrong) => ({ at: "", value: wrong }));
  return [...here, ...spoiltMembers(schema, value), ...spoiltItems(schema, value)];
}

function outOfBounds(schema: Schema, value: unknown): readonly unknown[] {
  const { minimum = 0, maximum = 1e300, minLength = 0, maxLength } = schema as Readonly<Record<string, number | undefined>>;
  if (typeof value === "number") return [minimum - 1, maximum + 1, value + 0.5, -1e308, 1e308, String(value)];
  if (typeof value !== "string") return [];
  const lengths = ["a".repeat(Math.max(0, minLength - 1)), ...(maxLength === undefined ? [] : ["a".repeat(maxLength + 1), "é".repeat(maxLength + 1)])];
  return [...lengths, `${value} `, ` ${value}`, `${value}\n`, `${value}\u0000`, "\u0000", "💩", "\ud800", "-", "2026-13-45T99:99:99Z", "2026-11-20"];
}

function spoiltMembers(schema: Schema, value: unknown): readonly Violation[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
  const object = value as Readonly<Record<string, unknown>>;
  const missing = ((schema["required"] ?? []) as readonly string[]).map((name) => ({ at: `${name} missing`, value: without(object, name) }));
  const extra = ["extra", "", "__proto__", "constructor"].map((name) => ({
    at: `extra member ${JSON.stringify(name)}`,
    value: Object.fromEntries([...Object.entries(object), [name, 1]]),
  }));
  const members = propertiesOf(schema).flatMap(([name, member]) =>
    spoilt(member, object[name]).map((spoil) => ({ at: `${name}.${spoil.at}`, value: { ...object, [name]: spoil.value } })),
  );
  return [...missing, ...extra, ...members];
}

function spoiltItems(schema: Schema, value: unknown): readonly Violation[] {
  if (!Array.isArray(value)) return [];
  const items = (schema["items"] ?? {}) as Schema;
  const { maxItems } = schema as { maxItems?: number };
  const tooMany = maxItems === undefined || maxItems > 10_000 ? [] : [{ at: "too many", value: Array.from({ length: maxItems + 1 }, () => value[0]) }];
  const each = value.length === 0 ? [] : spoilt(items, value[0]).map((spoil) => ({ at: `0.${spoil.at}`, value: [spoil.value, ...value.slice(1)] }));
  return [{ at: "empty", value: [] }, ...tooMany, ...each];
}

function without(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}
