import { test } from "vitest";
import { inventory, payment } from "../../src/domains/commerce/index.ts";
import { commandTo } from "../../src/kernel/index.ts";
import { givenSaga, happened } from "../../src/testing/index.ts";
import { cartEvents } from "../readme/cart.ts";
import { checkout } from "../readme/checkout.ts";

test("money that does not come within a quarter of an hour gives the gift back", () => {
  givenSaga(checkout)
    .when(happened("cart-c1", cartEvents.CheckedOut({ total: 9_000, at: "2026-01-01T00:00:00.000Z" })))
    .then(commandTo(inventory, "mug", "Reserve", { orderId: "c1", quantity: 1 }))
    .answers("gift", "done")
    .answers("payment", "done")
    .after(15 * 60_000)
    .then(commandTo(payment, "c1", "FailPayment", { reason: "It took too long." }))
    .answers("payment", "done")
    .then(commandTo(inventory, "mug", "Release", { orderId: "c1" }))
    .answers("gift", "done")
    .thenStatus("compensated")
    .thenOnce();
});
