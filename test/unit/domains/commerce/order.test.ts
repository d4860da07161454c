import { describe, expect, test } from "vitest";
import { order, orderEvents } from "../../../../src/domains/commerce/index.ts";
import { given } from "../../../../src/testing/index.ts";

const now = "2026-05-04T03:02:01.000Z";
const items = [
  { sku: "MUG-1", quantity: 2, priceCents: 900 },
  { sku: "POT-1", quantity: 1, priceCents: 2_500 },
];
const basket = { customerId: "c1", items };
const placed = orderEvents.OrderPlaced({ ...basket, totalCents: 4_300, currency: "EUR", placedAt: now });
const confirmed = orderEvents.OrderConfirmed({});
const shipped = orderEvents.OrderShipped({ tracking: "T1" });
const delivered = orderEvents.OrderDelivered({});
const cancelled = orderEvents.OrderCancelled({ reason: "changed my mind" });

const nobody = given(order);
const isPlaced = given(order, placed);
const isConfirmed = given(order, placed, confirmed);
const isShipped = given(order, placed, confirmed, shipped);
const isDelivered = given(order, placed, confirmed, shipped, delivered);
const isCancelled = given(order, placed, cancelled);

describe("PlaceOrder", () => {
  test("places an order once, with its total and the time", () => {
    nobody.at(now).when("PlaceOrder", basket).then(placed).thenOnce();
  });

  test("again with the same data decides nothing, however far the order is", () => {
    for (const state of [isPlaced, isConfirmed, isShipped, isDelivered, isCancelled]) state.when("PlaceOrder", { ...basket, currency: "EUR" }).then();
  });

  test.each([{ customerId: "c2" }, { items: items.slice(1) }, { items: items.toReversed() }, { items: [] }, { currency: "USD" }])(
    "again with %o is refused",
    (other) => {
      isPlaced.when("PlaceOrder", { ...basket, ...other }).thenRejected("already_placed");
      isCancelled.when("PlaceOrder", { ...basket, ...other }).thenRejected("already_placed");
    },
  );

  test("of nothing is refused", () => {
    nobody.when("PlaceOrder", { customerId: "c1", items: [] }).thenRejected("empty_order");
  });

  test("may name a sku twice, at two prices", () => {
    const twice = [
      { sku: "MUG-1", quantity: 2, priceCents: 900 },
      { sku: "MUG-1", quantity: 1, priceCents: 0 },
    ];
    nobody
      .at(now)
      .when("PlaceOrder", { customerId: "c1", items: twice })
      .then(orderEvents.OrderPlaced({ customerId: "c1", items: twice, totalCents: 1_800, currency: "EUR", placedAt: now }));
  });

  test("is for a million euros at most", () => {
    const worth = (priceCents: number) => ({ customerId: "c1", items: [{ sku: "A", quantity: 10_000, priceCents }] });
    expect(order.commands["PlaceOrder"]?.safeParse(worth(10_000)).success).toBe(true);
    expect(order.commands["PlaceOrder"]?.safeParse(worth(10_001)).success).toBe(false);
  });

  test.each([
    { customerId: "" },
    { items: [{ sku: "A", quantity: 0, priceCents: 1 }] },
    { items: [{ sku: "A", quantity: 1, priceCents: -1 }] },
    { items: [{ sku: "", quantity: 1, priceCents: 1 }] },
    { items: Array.from({ length: 101 }, () => items[0]) },
    { currency: "eur" },
  ])("is of a sound basket, not of %o", (unsound) => {
    expect(order.commands["PlaceOrder"]?.safeParse({ ...basket, ...unsound }).success).toBe(false);
  });
});

describe("ConfirmOrder", () => {
  test("confirms an order once", () => {
    isPlaced.when("ConfirmOrder", {}).then(confirmed).thenOnce();
  });

  test("decides nothing once it is confirmed, however far the order is", () => {
    for (const state of [isConfirmed, isShipped, isDelivered]) state.when("ConfirmOrder", {}).then();
  });

  test("of an order that is not there, or cancelled, is refused", () => {
    nobody.when("ConfirmOrder", {}).thenRejected("no_such_order");
    isCancelled.when("ConfirmOrder", {}).thenRejected("order_cancelled");
  });
});

describe("ShipOrder", () => {
  test("ships a confirmed order once", () => {
    isConfirmed.when("ShipOrder", { tracking: "T1" }).then(shipped).thenOnce();
  });

  test("with the same tracking decides nothing, with another it is refused", () => {
    for (const state of [isShipped, isDelivered]) {
      state.when("ShipOrder", { tracking: "T1" }).then();
      state.when("ShipOrder", { tracking: "T2" }).thenRejected("already_shipped");
    }
  });

  test("of an order that is not there, not confirmed, or cancelled, is refused", () => {
    nobody.when("ShipOrder", { tracking: "T1" }).thenRejected("no_such_order");
    isPlaced.when("ShipOrder", { tracking: "T1" }).thenRejected("not_confirmed");
    isCancelled.when("ShipOrder", { tracking: "T1" }).thenRejected("order_cancelled");
  });
});

describe("DeliverOrder", () => {
  test("delivers a shipped order once", () => {
    isShipped.when("DeliverOrder", {}).then(delivered).thenOnce();
    isDelivered.when("DeliverOrder", {}).then();
  });

  test("of an order that is not there, not shipped, or cancelled, is refused", () => {
    nobody.when("DeliverOrder", {}).thenRejected("no_such_order");
    isPlaced.when("DeliverOrder", {}).thenRejected("not_shipped");
    isConfirmed.when("DeliverOrder", {}).thenRejected("not_shipped");
    isCancelled.when("DeliverOrder", {}).thenRejected("order_cancelled");
  });
});

describe("CancelOrder", () => {
  test("cancels an order once, before it has left", () => {
    isPlaced.when("CancelOrder", { reason: "changed my mind" }).then(cancelled).thenOnce();
    isConfirmed.when("CancelOrder", { reason: "changed my mind" }).then(cancelled).thenOnce();
  });

  test("for another reason decides nothing: cancelled it is", () => {
    isCancelled.when("CancelOrder", { reason: "too dear" }).then();
  });

  test("of an order that has left is too late", () => {
    isShipped.when("CancelOrder", { reason: "too dear" }).thenRejected("too_late");
    isDelivered.when("CancelOrder", { reason: "too dear" }).thenRejected("too_late");
  });

  test("of an order that is not there is refused", () => {
    nobody.when("CancelOrder", { reason: "too dear" }).thenRejected("no_such_order");
  });
});
