import { expect, test } from "vitest";
import { randomHex } from "../../src/kernel/index.ts";

test("gives as many bytes as asked for, each only once", () => {
  const texts = Array.from({ length: 1_000 }, (_, index) => randomHex(8 + (index % 9)));
  for (const [index, text] of texts.entries()) expect(text).toMatch(new RegExp(`^[0-9a-f]{${2 * (8 + (index % 9))}}$`));
  // Of 64 random bits the first ones of no two texts are the same.
  expect(new Set(texts.map((text) => text.slice(0, 16))).size).toBe(1_000);
});

test("gives 1,024 bytes at a time, and says so where it is asked for more", () => {
  expect(randomHex(1_024)).toMatch(/^[0-9a-f]{2048}$/);
  expect(() => randomHex(1_025)).toThrow("expected at most 1024 bytes, got 1025");
});
