import { expect, test } from "vitest";
import { characterCount, isLongerThan } from "../../src/kernel/index.ts";

test.each([
  ["", 0],
  ["abc", 3],
  ["äöü", 3],
  ["😀", 1],
  ["a😀b😀", 4],
  ["\ud83d", 1],
  ["\ude00\ud83d", 2],
  ["\ud83d\ud83d\ude00", 2],
  ["👩‍👩‍👧", 5],
])("%j has %i characters, as JSON Schema counts them", (text, count) => {
  expect(characterCount(text)).toBe(count);
  expect(characterCount(text)).toBe(Array.from(text).length);
  expect([count - 1, count, count + 1].map((most) => isLongerThan(text, most))).toEqual([true, false, false]);
});

test("a text is longer than half its units at most, however it is counted", () => {
  expect(isLongerThan("😀".repeat(256), 256)).toBe(false);
  expect(isLongerThan("😀".repeat(257), 256)).toBe(true);
  expect(isLongerThan(`${"😀".repeat(255)}ab`, 256)).toBe(true);
});
