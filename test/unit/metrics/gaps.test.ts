import { expect, test } from "vitest";
import { gapsIn, MOST_GAPS, positionsIn, withGaps, withoutGaps } from "../../../src/metrics/gaps.ts";

const at = (...positions: readonly number[]) => positions.map((position) => ({ position }));
const gap = (first: number, last = first) => ({ first, last });

test.each([
  ["nothing came", 5, [], []],
  ["all is there", 5, [6, 7, 8], []],
  ["the next is missing", 5, [7], [gap(6)]],
  ["some are missing between", 5, [6, 10, 12], [gap(7, 9), gap(11)]],
])("where %s after %i, the gaps are found", (_, after, positions, gaps) => {
  expect(gapsIn(after, at(...positions))).toEqual(gaps);
});

test("a gap is kept once, however often it is met, and so many of them", () => {
  const known = withGaps(withGaps([], [gap(3, 5)]), [gap(3, 5), gap(9)]);
  expect([known, positionsIn(known)]).toEqual([[gap(3, 5), gap(9)], 4]);
  expect(withoutGaps(known, [gap(3, 5), gap(1)])).toEqual([gap(9)]);
  const many = Array.from({ length: MOST_GAPS + 5 }, (_, n) => gap(2 * n));
  expect(withGaps([], many)).toHaveLength(MOST_GAPS);
});
