import { deepStrictEqual } from "node:assert/strict";
import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { test } from "vitest";
import { canonicalJson } from "../../src/kernel/index.ts";
import { json } from "./support/json-texts.ts";

const anyDouble = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((bits) => new Float64Array(BigUint64Array.of(bits).buffer)[0] as number)
  .filter(Number.isFinite);
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ stringUnit: "binary" }),
  fc.array(anyDouble),
  json.map(({ loose }) => JSON.parse(loose) as unknown),
);

/** The same value with every object's members put in another order. */
function reordered(value: unknown, turn: number): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, turn));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, reordered(member, turn)] as const);
  const at = entries.length === 0 ? 0 : turn % entries.length;
  return Object.fromEntries([...entries.slice(at), ...entries.slice(0, at)].toReversed());
}

test("the order of members does not matter", () => {
  fc.assert(fc.property(anyValue, fc.nat(), (value, turn) => canonicalJson(reordered(value, turn)) === canonicalJson(value)));
});

test("it parses back to an equal value, but for the sign of zero", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const withoutMinusZero = JSON.parse(JSON.stringify(value)) as unknown;
      deepStrictEqual(JSON.parse(canonicalJson(value)), withoutMinusZero);
    }),
  );
});

test("the canonical form of the canonical form is itself", () => {
  fc.assert(fc.property(anyValue, (value) => canonicalJson(JSON.parse(canonicalJson(value))) === canonicalJson(value)));
});

test("it has no white space outside strings", () => {
  fc.assert(fc.property(anyValue, (value) => !/\s/.test(canonicalJson(value).replaceAll(/"(?:[^"\\]|\\.)*"/gs, ""))));
});

test("the npm package canonicalize, written by an author of the RFC, says the same", () => {
  fc.assert(
    fc.property(anyValue, (value) => canonicalJson(value) === canonicalize(value)),
    { numRuns: 500 },
  );
});
