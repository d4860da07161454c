import * as fc from "fast-check";
import { expect, test } from "vitest";
import { uuid7 } from "../../src/kernel/index.ts";

const milliseconds = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test("it is a UUID in lower case, of version 7 and RFC 9562's variant", () => {
  fc.assert(fc.property(milliseconds, (at) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid7(at))));
});

test("its first 48 bits are the millisecond", () => {
  fc.assert(fc.property(milliseconds, (at) => Number.parseInt(uuid7(at).replace("-", "").slice(0, 12), 16) === at));
  // RFC 9562, appendix A.6: 2022-02-22T19:22:22.000Z is 0x017F22E279B0.
  expect(uuid7(1_645_557_742_000).startsWith("017f22e2-79b0-7")).toBe(true);
});

test("an id of a later millisecond sorts later as text", () => {
  fc.assert(
    fc.property(milliseconds, milliseconds, (one, other) => {
      fc.pre(one !== other);
      return uuid7(one) < uuid7(other) === one < other;
    }),
  );
});

test("10,000 ids of one millisecond are 10,000 ids", () => {
  expect(new Set(Array.from({ length: 10_000 }, () => uuid7(1_790_000_000_000))).size).toBe(10_000);
});
