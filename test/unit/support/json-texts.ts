import * as fc from "fast-check";

/** The same JSON twice: as a producer may write it, and without white space outside strings. */
export interface Written {
  readonly loose: string;
  readonly tight: string;
}

/** A member of an object; the gaps stand before the name, before and after the colon, and behind the value. */
export interface Member {
  readonly name: string;
  readonly value: Written;
  readonly gaps: readonly [string, string, string, string];
}

const blanks = fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r"), maxLength: 3 });
export const gap: fc.Arbitrary<string> = fc.oneof({ weight: 2, arbitrary: fc.constant("") }, { weight: 1, arbitrary: blanks });

const digits = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength });
const optional = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(""), part);

/** Numbers in every spelling that JSON has, all within the range of a double. */
export const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("0", "-0", "1.0", "1E+2", "1e-7", "-0.0", "12345678901234567890", "0.1e1", "1e308", "5e-324", "1e-999", "9007199254740993"),
  fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.oneof(
        fc.constant("0"),
        fc.tuple(fc.constantFrom(..."123456789"), optional(digits(20))).map((parts) => parts.join("")),
      ),
      optional(digits(20).map((fraction) => `.${fraction}`)),
      optional(fc.tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), digits(2)).map((parts) => parts.join(""))),
    )
    .map((parts) => parts.join("")),
);

const plainPiece = fc.string({ unit: "binary", minLength: 1, maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1));
const escapes = ["\\/", "\\b", "\\f", "\\n", "\\r", "\\t", '\\"', "\\\\", "\\u0041", "\\u00e9", "\\u00E9", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\\\ud800"];
const lookalikes = ["{", "}", "[", "]", ",", ":", " ", "\u2028", "😀"];

/** Strings with escapes in both cases of hexadecimal, surrogate pairs, and what looks like structure. */
export const stringText: fc.Arbitrary<string> = fc
  .array(fc.oneof(plainPiece, fc.constantFrom(...escapes, ...lookalikes)), { maxLength: 5 })
  .map((pieces) => `"${pieces.join("")}"`);

const awkwardNames = ['"0"', '"1"', '"10"', '"007"', '"-1"', '""', '"__proto__"', '"constructor"', '"toJSON"', '"length"', '"a"', '"\\u0061"'];
const nameText: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...awkwardNames), stringText);

/** Members with these names and values; no name stands twice, however it is spelt. */
export function members(name: fc.Arbitrary<string>, value: fc.Arbitrary<Written>): fc.Arbitrary<Member[]> {
  return fc.uniqueArray(fc.record({ name, value, gaps: fc.tuple(gap, gap, gap, gap) }), {
    maxLength: 5,
    selector: (member) => JSON.parse(member.name) as string,
  });
}

export function objectOf(list: readonly Member[], inner = ""): Written {
  const loose = list.map(({ name, value, gaps: [a, b, c, d] }) => `${a}${name}${b}:${c}${value.loose}${d}`);
  const tight = list.map(({ name, value }) => `${name}:${value.tight}`);
  return { loose: `{${inner}${loose.join(",")}}`, tight: `{${tight.join(",")}}` };
}

export function arrayOf(items: readonly Written[], inner = ""): Written {
  return { loose: `[${inner}${items.map(({ loose }) => `${inner}${loose}${inner}`).join(",")}]`, tight: `[${items.map(({ tight }) => tight).join(",")}]` };
}

/** Any JSON value, up to five levels deep, that `readJson` is to accept. */
export const json: fc.Arbitrary<Written> = fc.letrec<{ value: Written }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.constantFrom("null", "true", "false"), numberText, stringText).map((text) => ({ loose: text, tight: text })),
    fc.tuple(fc.array(tie("value"), { maxLength: 4 }), gap).map(([items, inner]) => arrayOf(items, inner)),
    fc.tuple(members(nameText, tie("value")), gap).map(([list, inner]) => objectOf(list, inner)),
  ),
})).value;
