import { expect, test } from "vitest";
import { markOf, percentiles } from "../../bench/statistics.ts";

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, index) => n - index);

test("percentiles are values that were measured, by the nearest rank, in whatever order they came", () => {
  expect(percentiles(upTo(1000))).toEqual({ p50: 500, p95: 950, p99: 990, p999: 999 });
  expect(percentiles(upTo(3))).toEqual({ p50: 2, p95: 3, p99: 3, p999: 3 });
  expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7, p999: 7 });
});

test("percentiles sort by size and not by text, below zero too, and leave what they were given as it was", () => {
  const values = [10, 9, -1, 100];
  expect(percentiles(values)).toEqual({ p50: 9, p95: 100, p99: 100, p999: 100 });
  expect(values).toEqual([10, 9, -1, 100]);
});

test("nothing has no percentiles", () => expect(percentiles([])).toBeUndefined());

test("a ratio within 15 % of the last one is the same; beyond, it is better or worse", () => {
  expect([1.14, 1, 0.86].map((now) => markOf(now, 1))).toEqual(["=", "=", "="]);
  expect([1.16, 2].map((now) => markOf(now, 1))).toEqual(["+", "+"]);
  expect([0.84, 0.1].map((now) => markOf(now, 1))).toEqual(["-", "-"]);
});

test("the tolerance is a part of the earlier ratio, and can be another", () => {
  expect(markOf(0.0205, 0.02)).toBe("=");
  expect(markOf(0.0205, 0.02, 0.01)).toBe("+");
});

test("what was not in the last run, or is no number, has no mark", () => {
  expect(markOf(1, undefined)).toBe("?");
  expect(markOf(Number.NaN, 1)).toBe("?");
});
