import { describe, expect, test } from "vitest";
import { inventory, order, orderEvents, orderFulfilment, payment, paymentEvents } from "../../../src/domains/commerce/index.ts";
import { commandTo } from "../../../src/kernel/index.ts";
import { givenSaga, happened } from "../../../src/testing/index.ts";

const items = [
  { sku: "tea", quantity: 2, priceCents: 100 },
  { sku: "milk", quantity: 1, priceCents: 50 },
  { sku: "tea", quantity: 1, priceCents: 100 },
];
const placed = happened(
  "order-o1",
  orderEvents.OrderPlaced({ customerId: "ann", items, totalCents: 350, currency: "EUR", placedAt: "2026-01-01T00:00:00.000Z" }),
);
const requested = happened("payment-o1", paymentEvents.PaymentRequested({ amountCents: 350, currency: "EUR" }));
const captured = happened("payment-o1", paymentEvents.PaymentCaptured({ reference: "r" }));
const declined = happened("payment-o1", paymentEvents.PaymentFailed({ reason: "the card is declined" }));
const reserve = [
  commandTo(inventory, "tea", "Reserve", { orderId: "o1", quantity: 3 }),
  commandTo(inventory, "milk", "Reserve", { orderId: "o1", quantity: 1 }),
];
const request = commandTo(payment, "o1", "RequestPayment", { amountCents: 350, currency: "EUR" });
const release = [commandTo(inventory, "tea", "Release", { orderId: "o1" }), commandTo(inventory, "milk", "Release", { orderId: "o1" })] as const;
const unpay = [
  commandTo(payment, "o1", "FailPayment", { reason: "The order is not fulfilled." }),
  commandTo(payment, "o1", "RefundPayment", { reason: "The order is not fulfilled." }),
] as const;
const giveBack = [commandTo(inventory, "tea", "Return", { orderId: "o1" }), commandTo(inventory, "milk", "Return", { orderId: "o1" })] as const;
const cancel = (reason: string) => commandTo(order, "o1", "CancelOrder", { reason });
const commits = [commandTo(inventory, "tea", "Commit", { orderId: "o1" }), commandTo(inventory, "milk", "Commit", { orderId: "o1" })];

const begun = givenSaga(orderFulfilment).when(placed);
const paying = begun.answers("reserve", "done").answers("payment", "done");
const paid = paying.when(captured);

describe("an order is fulfilled", () => {
  test("stock, money, confirmation, and the goods may leave", () => {
    begun
      .then(...reserve)
      .answers("reserve", "done")
      .then(request)
      .answers("payment", "done")
      .then()
      .when(captured)
      .then(commandTo(order, "o1", "ConfirmOrder", {}))
      .answers("confirm", "done")
      .then(...commits)
      .answers("commit", "done")
      .then()
      .thenStatus("completed")
      .thenSteps({ reserve: "done", payment: "done", confirm: "done", commit: "done" })
      .thenOnce();
  });

  test("money that is there before it was asked for counts", () => {
    givenSaga(orderFulfilment)
      .when(captured)
      .thenStatus("waiting")
      .when(placed)
      .answers("reserve", "done")
      .answers("payment", "done")
      .then(commandTo(order, "o1", "ConfirmOrder", {}));
  });

  test("every input counts once, at every step", () => {
    for (const one of [
      begun,
      begun.answers("reserve", "done"),
      paying,
      paid,
      paid.answers("confirm", "done"),
      paid.answers("confirm", "done").answers("commit", "done"),
    ])
      one.thenOnce();
  });

  test("an event of the name in a stream of another category is none of its own", () => {
    expect(() => begun.when(happened("note-o1", paymentEvents.PaymentCaptured({ reference: "r" })))).toThrow("expected an event that order-fulfilment wants");
    expect(() => begun.when(requested)).toThrow("expected an event that order-fulfilment wants");
  });
});

describe("what fails is undone, in the reverse order", () => {
  test("where one sku is short, all are released", () => {
    begun
      .answers("reserve", "done", 0)
      .answers("reserve", { rejected: "insufficient_stock" }, 1)
      .thenStatus("compensating")
      .then(release[0])
      .answers("reserve", "done")
      .then(release[1])
      .answers("reserve", "done")
      .then(cancel("inventory Reserve: insufficient_stock"))
      .answers("(afterwards)", "done")
      .thenStatus("compensated")
      .thenSteps({ reserve: "undone", "(afterwards)": "undone" })
      .thenOnce();
  });

  test("what is still under way is waited for before it is undone", () => {
    begun
      .answers("reserve", { rejected: "insufficient_stock" }, 0)
      .then(reserve[1] as (typeof reserve)[number])
      .thenStatus("running")
      .answers("reserve", "done", 1)
      .then(release[0]);
  });

  test("where the money does not come, nothing is kept", () => {
    paying
      .when(declined)
      .then(unpay[0])
      .answers("payment", "done")
      .then(unpay[1])
      .answers("payment", { rejected: "not_captured" })
      .then(release[0])
      .answers("reserve", "done")
      .answers("reserve", "done")
      .then(cancel("the card is declined"))
      .answers("(afterwards)", "done")
      .thenStatus("compensated")
      .thenSteps({ reserve: "undone", payment: "undone", "(afterwards)": "undone" });
  });

  test("where the payment is refused at once, too", () => {
    begun.answers("reserve", "done").answers("payment", { rejected: "already_requested" }).thenStatus("compensating").then(unpay[0]);
  });

  test("nobody waits longer than 15 minutes for the money", () => {
    paying
      .thenWaits(15 * 60_000)
      .after(15 * 60_000 - 1)
      .thenStatus("running")
      .after(1)
      .thenStatus("compensating")
      .then(unpay[0])
      .thenBecause(/payment waited longer than 900000 ms/);
  });

  test("money that comes after the deadline is given back", () => {
    paying
      .after(15 * 60_000)
      .when(captured)
      .answers("payment", { rejected: "already_captured" })
      .then(unpay[1])
      .answers("payment", "done")
      .answers("reserve", "done")
      .answers("reserve", "done")
      .answers("(afterwards)", "done")
      .thenStatus("compensated")
      .thenOnce();
  });

  test("where it cannot be confirmed, the money goes back first", () => {
    paid.answers("confirm", { rejected: "order_cancelled" }).then(unpay[0]).answers("payment", { rejected: "already_captured" }).then(unpay[1]);
  });

  test("where some goods cannot leave, those that have left come back, and the money goes back, too", () => {
    paid
      .answers("confirm", "done")
      .answers("commit", { rejected: "stream_closed" }, 0)
      .answers("commit", "done")
      .thenStatus("compensating")
      .then(giveBack[0])
      .answers("commit", "done")
      .then(giveBack[1])
      .answers("commit", "done")
      .then(unpay[0]);
  });

  test("what was shipped meanwhile stays shipped", () => {
    begun
      .answers("reserve", { rejected: "insufficient_stock" })
      .answers("reserve", "done")
      .answers("reserve", "done")
      .answers("(afterwards)", { rejected: "too_late" })
      .thenStatus("compensated");
  });

  test("one that was started by hand for an order that there is not ends without a trace", () => {
    givenSaga(orderFulfilment)
      .started({ orderId: "o1", totalCents: 0, currency: "EUR", goods: [] })
      .answers("payment", "done")
      .after(15 * 60_000)
      .answers("payment", "done")
      .answers("payment", { rejected: "not_captured" })
      .then(cancel("payment waited longer than 900000 ms."))
      .answers("(afterwards)", { rejected: "no_such_order" })
      .thenStatus("compensated");
  });

  test("what cannot be given back is stuck, and waits for somebody", () => {
    const stuck = paying.when(declined).answers("payment", "done").answers("payment", { rejected: "stream_closed" });
    stuck
      .thenStatus("stuck")
      .thenBecause(/stream_closed/)
      .then()
      .thenWaits("for ever");
    stuck.retried().thenStatus("compensating").then(unpay[1]).answers("payment", "done").then(release[0]);
    stuck.skipped("given back by hand").thenStatus("compensating").then(release[0]);
  });
});
