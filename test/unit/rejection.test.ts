import { expect, test } from "vitest";
import { isRejection, reject } from "../../src/kernel/index.ts";

test("a rejection is a value with its code, and a sentence made of it", () => {
  expect(reject("cart_is_closed")).toEqual({ rejected: true, code: "cart_is_closed", detail: "Cart is closed." });
});

test("a rejection may bring a sentence of its own", () => {
  expect(reject("cart_closed", "The cart was checked out.")).toEqual({ rejected: true, code: "cart_closed", detail: "The cart was checked out." });
});

test("a rejection is known after it travelled as JSON", () => {
  expect(isRejection(reject("no"))).toBe(true);
  expect(isRejection(JSON.parse(JSON.stringify(reject("no"))))).toBe(true);
});

test.each([undefined, null, true, "rejected", [], {}, { rejected: false }, { rejected: "true" }, { code: "no" }, [{ rejected: true }], new Error("no")])(
  "%j is no rejection",
  (value) => {
    expect(isRejection(value)).toBe(false);
  },
);
