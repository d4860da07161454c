/**
 * The canonical form of a JSON value (RFC 8785, JCS): names sorted by UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. It is for hashing only; what is stored is the JSON that came.
 *
 * Members that are `undefined` are left out, as `JSON.stringify` does.
 * Throws a RangeError for what JSON cannot say: NaN, infinities, lone surrogates, functions, bigints.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new RangeError("expected well-formed text, got a lone surrogate");
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`expected a finite number, got ${value}`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      throw new RangeError(`expected a JSON value, got ${typeof value}`);
  }
}

function canonicalArray(items: readonly unknown[]): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) text += (i === 0 ? "" : ",") + canonicalJson(items[i]);
  return `${text}]`;
}

function canonicalObject(object: object): string {
  const members = object as Record<string, unknown>;
  let text = "{";
  // Array.prototype.sort without a comparator compares UTF-16 code units, which is what section 3.2.3 asks for.
  for (const name of Object.keys(members).sort()) {
    if (members[name] === undefined) continue;
    text += `${text === "{" ? "" : ","}${canonicalJson(name)}:${canonicalJson(members[name])}`;
  }
  return `${text}}`;
}
