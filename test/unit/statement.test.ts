import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sql, type SqlValue } from "../../src/kernel/index.ts";

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.integer(),
  fc.constantFrom(null, "?", "'; DROP TABLE events; --"),
);

test("a statement without values is its text", () => {
  expect(sql`SELECT 1`).toEqual({ sql: "SELECT 1", params: [] });
});

test("each value becomes a parameter, in its place", () => {
  expect(sql`SELECT a FROM t WHERE b = ${"x"} AND c > ${7} AND d IS ${null}`).toEqual({
    sql: "SELECT a FROM t WHERE b = ? AND c > ? AND d IS ?",
    params: ["x", 7, null],
  });
});

test("values at both ends and side by side keep their places", () => {
  expect(sql`${1}${2}, ${3}`).toEqual({ sql: "??, ?", params: [1, 2, 3] });
});

test("no value ever becomes text", () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      const statement = sql`INSERT INTO t VALUES (${one}, ${other})`;
      expect(statement.sql).toBe("INSERT INTO t VALUES (?, ?)");
      expect(statement.params).toEqual([one, other]);
    }),
  );
});

test("what D1 refuses does not compile", () => {
  // @ts-expect-error a boolean is 0 or 1
  expect(sql`${true}`.sql).toBe("?");
  // @ts-expect-error a bigint
  expect(sql`${1n}`.sql).toBe("?");
  // @ts-expect-error undefined
  expect(sql`${undefined}`.sql).toBe("?");
  // @ts-expect-error an object
  expect(sql`${{}}`.sql).toBe("?");
});
