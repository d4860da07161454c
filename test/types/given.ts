// What must not compile about the test kit: each line below an `@ts-expect-error` is an error of types, and tsc fails where one is not.
import { z } from "zod";
import { defineEvents } from "../../src/kernel/index.ts";
import { given, givenLog, happened } from "../../src/testing/index.ts";
import { cart } from "./decider.ts";
import { cartEvents } from "./events.ts";
import { carts } from "./projection.ts";

const otherEvents = defineEvents("other", { Happened: z.object({}) });

/** Never called: only its types count. */
export function specs(): void {
  const added = cartEvents.ItemAdded({ sku: "tea", quantity: 1 });
  given(cart, added)
    .when("CheckOut", {})
    .then(cartEvents.CheckedOut({ total: 1 }))
    .thenState({ status: "closed", total: 1 });

  // @ts-expect-error The history has another decider's event.
  given(cart, otherEvents.Happened({}));
  // @ts-expect-error There is no such command.
  given(cart).when("Drop", {});
  // @ts-expect-error The command lacks a field.
  given(cart).when("AddItem", { sku: "tea" });
  // @ts-expect-error The command has a field of another type.
  given(cart).when("AddItem", { sku: "tea", quantity: "1" });
  // @ts-expect-error Another decider's event is expected.
  given(cart).when("CheckOut", {}).then(otherEvents.Happened({}));
  const checkedOut = given(cart).when("CheckOut", {});
  // @ts-expect-error The expected event has data of another.
  checkedOut.then({ type: "shop.CheckedOut", data: { sku: "tea", quantity: 1 } });
  // @ts-expect-error The expected state lacks a field.
  given(cart).when("CheckOut", {}).thenState({ status: "closed" });
  // @ts-expect-error A no is known by its code, not by a value of its own.
  given(cart).when("CheckOut", {}).thenRejected({ code: "cart_closed" });
  // @ts-expect-error Nothing was decided yet.
  given(cart).then();
  // @ts-expect-error A view's test is given a stream's name with each fact.
  givenLog(carts, added);
  // @ts-expect-error A decider is no projection.
  givenLog(cart, happened("cart-1", added));
  // @ts-expect-error A fact has a stream.
  happened(added);
}
