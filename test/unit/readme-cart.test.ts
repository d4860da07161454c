import { expect, test } from "vitest";
import { cart, cartEvents } from "../readme/cart.ts";

test("checking out twice decides once", () => {
  const checkOut = (state: unknown) => cart.decide({ name: "CheckOut", data: {} }, state, { now: "2026-11-20T10:00:00.000Z", id: "c1" });
  const filled = cart.evolve(cart.initialState(), cartEvents.ItemAdded({ sku: "tea", quantity: 2, price: 450 }));
  const checkedOut = cartEvents.CheckedOut({ total: 900, at: "2026-11-20T10:00:00.000Z" });
  expect(checkOut(filled)).toEqual([checkedOut]);
  expect(checkOut(cart.evolve(filled, checkedOut))).toEqual([]);
});
