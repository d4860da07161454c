import { describe, expect, test } from "vitest";
import {
  cancelledGoods,
  commerceAnalytics,
  customer,
  inventory,
  inventoryEvents,
  inventoryHandler,
  order,
  orderEvents,
  orderLifecycle,
  orderLifecycleHandler,
  restock,
} from "../../../../src/domains/commerce/index.ts";
import { commandTo } from "../../../../src/kernel/index.ts";
import { aggregate, givenHandler, happened } from "../../../../src/testing/index.ts";

const NOW = "2026-01-01T00:00:00.000Z";
const deciders = [customer, orderLifecycle, restock];
const ofAnn = { customerId: "ann", totalCents: 1000, currency: "EUR" };
const placed = orderEvents.OrderPlaced({ ...ofAnn, items: [{ sku: "cup", quantity: 1, priceCents: 1000 }], placedAt: NOW });
const steps = [
  placed,
  orderEvents.OrderConfirmed({}),
  orderEvents.OrderShipped({ tracking: "T1" }),
  orderEvents.OrderDelivered({}),
  orderEvents.OrderCancelled({ reason: "late" }),
];

test("the three handlers of commerce have the priorities and the concurrency that they were asked for", () => {
  const told = [orderLifecycleHandler, inventoryHandler, commerceAnalytics].map(({ name, priority, concurrency }) => [name, priority, concurrency]);
  expect(told).toEqual([
    ["order-lifecycle", "high", 10],
    ["inventory", "high", 1],
    ["commerce-analytics", "low", 5],
  ]);
});

describe("order-lifecycle", () => {
  test("takes the time of each step of an order", async () => {
    const at = (index: number): string => `2026-01-0${index + 1}T00:00:00.000Z`;
    const names = ["placed", "confirmed", "shipped", "delivered", "cancelled"] as const;
    await givenHandler(orderLifecycleHandler, { deciders })
      .when(...steps.map((fact, index) => happened("order-o1", fact, at(index))))
      .thenOnce(...names.map((step, index) => commandTo(orderLifecycle, "o1", "ReachStep", { step, at: at(index) })));
  });

  test("does not believe what stands in a stream of somebody else's", async () => {
    await givenHandler(orderLifecycleHandler).when(happened("note-o1", placed)).then();
  });
});

describe("inventory", () => {
  const received = inventoryEvents.StockReceived({ quantity: 5 });
  const thresholdSet = inventoryEvents.LowStockThresholdSet({ threshold: 3 });

  test("looks at the stock as it is by now, not at the one event", async () => {
    const found = [aggregate(inventory, "tea", received, thresholdSet, inventoryEvents.StockAdjusted({ delta: -4, reason: "broken" }))];
    await givenHandler(inventoryHandler, { deciders, found })
      .when(happened("inventory-tea", received), happened("inventory-tea", thresholdSet))
      .thenOnce(...[1, 2].map(() => commandTo(restock, "tea", "Assess", { available: 1, threshold: 3, version: 3 })));
  });

  test("knows of a sku that nobody set a threshold for", async () => {
    await givenHandler(inventoryHandler, { deciders, found: [aggregate(inventory, "tea", received)] })
      .when(happened("inventory-tea", received))
      .thenOnce(commandTo(restock, "tea", "Assess", { available: 5, threshold: null, version: 1 }));
  });

  test("does not believe what stands in a stream of somebody else's", async () => {
    await givenHandler(inventoryHandler, { found: [aggregate(inventory, "tea", received)] })
      .when(happened("note-tea", received))
      .then();
  });

  test("moves no stock: that is for those who sell", () => {
    expect(inventoryHandler.on.some((type) => /Order|Payment/.test(type))).toBe(false);
  });
});

describe("cancelled-goods", () => {
  const item = (sku: string) => ({ sku, quantity: 1, priceCents: 500 });
  const two = orderEvents.OrderPlaced({ ...placed.data, items: [item("cup"), item("tea"), item("cup")] });
  const cancelled = orderEvents.OrderCancelled({ reason: "late" });

  test("brings back what an order holds that is cancelled, each sku once, however far its fulfilment has come", async () => {
    for (const found of [
      [two, cancelled],
      [two, orderEvents.OrderConfirmed({}), cancelled],
    ])
      await givenHandler(cancelledGoods, { deciders: [inventory], found: [aggregate(order, "o1", ...found)] })
        .when(happened("order-o1", cancelled))
        .thenOnce(commandTo(inventory, "cup", "TakeBack", { orderId: "o1" }), commandTo(inventory, "tea", "TakeBack", { orderId: "o1" }));
  });

  test("makes nothing of an order whose beginning is missing, nor of what stands in a stream of somebody else's", async () => {
    await givenHandler(cancelledGoods, { found: [aggregate(order, "o1", two, cancelled)] })
      .when(happened("order-o2", cancelled), happened("note-o1", cancelled))
      .then();
  });
});

describe("commerce-analytics", () => {
  const found = [aggregate(order, "o1", placed)];
  const noted = (outcome: "placed" | "delivered" | "cancelled") => commandTo(customer, "ann", "NoteOrder", { ...ofAnn, orderId: "o1", outcome, at: NOW });

  test("brings an order to its customer when it is placed, delivered or cancelled, though only the first event says whose it is", async () => {
    await givenHandler(commerceAnalytics, { deciders }).when(happened("order-o1", placed)).thenOnce(noted("placed"));
    await givenHandler(commerceAnalytics, { deciders, found })
      .when(happened("order-o1", orderEvents.OrderDelivered({})))
      .thenOnce(noted("delivered"));
    await givenHandler(commerceAnalytics, { deciders, found })
      .when(happened("order-o1", orderEvents.OrderCancelled({ reason: "late" })))
      .thenOnce(noted("cancelled"));
  });

  test("knows a customer by any name", async () => {
    const strange = orderEvents.OrderPlaced({ ...placed.data, customerId: "Ann & Bob" });
    const data = { ...ofAnn, customerId: "Ann & Bob", orderId: "o1", outcome: "placed" as const, at: NOW };
    await givenHandler(commerceAnalytics, { deciders })
      .when(happened("order-o1", strange))
      .thenOnce(commandTo(customer, "~2317a27b3d42d02878eea24c85a6ca628e702bf2", "NoteOrder", data));
  });

  test("makes nothing of an order whose beginning is missing, nor of what stands in a stream of somebody else's", async () => {
    await givenHandler(commerceAnalytics)
      .when(happened("order-o2", orderEvents.OrderDelivered({})), happened("note-o1", placed))
      .then();
  });
});
