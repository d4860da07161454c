/**
 * The canonical form of a JSON value (RFC 8785, JCS): names sorted by UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. It is for hashing only; what is stored is the JSON that came.
 *
 * Members that are `undefined` are left out, as `JSON.stringify` does.
 * Throws a RangeError for what JSON cannot say: NaN, infinities, lone surrogates, functions, bigints.
 */
export function canonicalJson(value: unknown): string {
  const ordered = inOrder(value);
  if (ordered === UNORDERABLE) return spelledOut(value);
  // Once names are in order the rest is what JSON.stringify does, at native speed.
  const text = JSON.stringify(ordered);
  // A lone surrogate comes out as its escape; so does the text of one, which is as it should be.
  return /\\ud[89a-f]/.test(text) ? spelledOut(value) : text;
}

/** What JSON.stringify would not write in the order that is asked for. */
const UNORDERABLE = Symbol("unorderable");

/** The value with all names in order: itself where they are already. */
function inOrder(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return finite(value);
    case "object":
      if (value === null) return value;
      return Array.isArray(value) ? itemsInOrder(value) : namesInOrder(value as Readonly<Record<string, unknown>>);
    default:
      throw notJson(value);
  }
}

function itemsInOrder(items: readonly unknown[]): unknown {
  let changed: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = inOrder(items[i]);
    if (item === UNORDERABLE) return item;
    if (item !== items[i]) changed ??= [...items];
    if (changed) changed[i] = item;
  }
  return changed ?? items;
}

function namesInOrder(members: Readonly<Record<string, unknown>>): unknown {
  // It would be asked what to write.
  if ("toJSON" in members) return UNORDERABLE;
  const names = Object.keys(members);
  const isSorted = names.every((name, at) => at === 0 || (names[at - 1] as string) < name);
  // Names that are numbers come first in any object, and in the order of numbers; this one is no member at all.
  if (!isSorted && names.some((name) => /^\d/.test(name) || name === "__proto__")) return UNORDERABLE;
  let changed: Record<string, unknown> | undefined = isSorted ? undefined : {};
  for (const name of isSorted ? names : names.sort()) {
    const member = members[name];
    if (member === undefined) continue;
    const ordered = inOrder(member);
    if (ordered === UNORDERABLE) return ordered;
    if (ordered !== member) changed ??= { ...members };
    if (changed) changed[name] = ordered;
  }
  return changed ?? members;
}

/** Piece by piece: for what is rare. */
function spelledOut(value: unknown): string {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new RangeError("expected well-formed text, got a lone surrogate");
      return JSON.stringify(value);
    case "number":
      return JSON.stringify(finite(value));
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? arraySpelledOut(value) : objectSpelledOut(value);
    default:
      throw notJson(value);
  }
}

function arraySpelledOut(items: readonly unknown[]): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) text += (i === 0 ? "" : ",") + spelledOut(items[i]);
  return `${text}]`;
}

function objectSpelledOut(object: object): string {
  const members = object as Record<string, unknown>;
  let text = "{";
  // Array.prototype.sort without a comparator compares UTF-16 code units, which is what section 3.2.3 asks for.
  for (const name of Object.keys(members).sort()) {
    if (members[name] === undefined) continue;
    text += `${text === "{" ? "" : ","}${spelledOut(name)}:${spelledOut(members[name])}`;
  }
  return `${text}}`;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`expected a finite number, got ${value}`);
  return value;
}

function notJson(value: unknown): RangeError {
  return new RangeError(`expected a JSON value, got ${typeof value}`);
}
