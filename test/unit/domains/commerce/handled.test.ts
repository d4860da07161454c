import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  customer,
  customerEvents,
  customerMilestones,
  customerValue,
  inventoryEvents,
  lowStockAlerts,
  orderEvents,
  orderLifecycle,
  orderLifecycleEvents,
  orderMetrics,
  productSales,
  restock,
  restockEvents,
  stockMovements,
} from "../../../../src/domains/commerce/index.ts";
import { isRejection, type NewFact } from "../../../../src/kernel/index.ts";
import { given, givenLog, happened } from "../../../../src/testing/index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (milliseconds: number): string => new Date(Date.UTC(2026, 0, 1) + milliseconds).toISOString();
const NOW = at(0);

describe("an order's lifecycle", () => {
  const reached = orderLifecycleEvents.StepReached;
  const placed = reached({ step: "placed", at: NOW, sincePlacedMs: null, sincePreviousMs: null });
  const confirmed = reached({ step: "confirmed", at: at(HOUR), sincePlacedMs: HOUR, sincePreviousMs: HOUR });

  test("takes the time from the first step and from the one before, once for each step", () => {
    given(orderLifecycle).when("ReachStep", { step: "placed", at: NOW }).then(placed).thenOnce();
    given(orderLifecycle, placed)
      .when("ReachStep", { step: "confirmed", at: at(HOUR) })
      .then(confirmed)
      .thenOnce();
    given(orderLifecycle, placed, confirmed)
      .when("ReachStep", { step: "cancelled", at: at(3 * HOUR) })
      .then(reached({ step: "cancelled", at: at(3 * HOUR), sincePlacedMs: 3 * HOUR, sincePreviousMs: 2 * HOUR }))
      .thenOnce();
  });

  test("is told of a step that took too long", () => {
    const delayed = (step: "confirmed" | "shipped", tookMs: number, expectedMs: number, when: string) =>
      orderLifecycleEvents.OrderDelayed({ step, tookMs, expectedMs, at: when });
    given(orderLifecycle, placed)
      .when("ReachStep", { step: "confirmed", at: at(HOUR + 1) })
      .then(
        reached({ step: "confirmed", at: at(HOUR + 1), sincePlacedMs: HOUR + 1, sincePreviousMs: HOUR + 1 }),
        delayed("confirmed", HOUR + 1, HOUR, at(HOUR + 1)),
      )
      .thenOnce();
    const late = at(HOUR + 3 * DAY);
    given(orderLifecycle, placed, confirmed)
      .when("ReachStep", { step: "shipped", at: late })
      .then(reached({ step: "shipped", at: late, sincePlacedMs: HOUR + 3 * DAY, sincePreviousMs: 3 * DAY }), delayed("shipped", 3 * DAY, 2 * DAY, late));
  });

  test("knows no time where the first step was never heard of", () => {
    given(orderLifecycle)
      .when("ReachStep", { step: "shipped", at: at(9 * DAY) })
      .then(reached({ step: "shipped", at: at(9 * DAY), sincePlacedMs: null, sincePreviousMs: null }));
  });

  test("is the view order_metrics", () => {
    const shipped = reached({ step: "shipped", at: at(4 * DAY), sincePlacedMs: 4 * DAY, sincePreviousMs: 4 * DAY - HOUR });
    const log = [placed, confirmed, shipped, orderLifecycleEvents.OrderDelayed({ step: "shipped", tookMs: 1, expectedMs: 1, at: NOW })];
    const delivered = reached({ step: "delivered", at: at(5 * DAY), sincePlacedMs: 5 * DAY, sincePreviousMs: DAY });
    const row = {
      orderId: "o1",
      outcome: "open",
      placedAt: NOW,
      confirmedAt: at(HOUR),
      shippedAt: at(4 * DAY),
      deliveredAt: null,
      cancelledAt: null,
      toConfirmMs: HOUR,
      toShipMs: 4 * DAY - HOUR,
      toDeliverMs: null,
      totalMs: null,
      late: true,
      lateSteps: ["shipped"],
    };
    const of = (...facts: readonly NewFact[]) => givenLog(orderMetrics, ...facts.map((fact) => happened("order_lifecycle-o1", fact)));
    of(...log).thenRows(row);
    of(...log, delivered).thenRows({ ...row, outcome: "delivered", deliveredAt: at(5 * DAY), toDeliverMs: DAY, totalMs: 5 * DAY });
    const [cancelled] = of(placed, reached({ step: "cancelled", at: at(HOUR), sincePlacedMs: HOUR, sincePreviousMs: HOUR })).rows;
    expect(cancelled).toMatchObject({ outcome: "cancelled", cancelledAt: at(HOUR), totalMs: HOUR, late: false });
  });
});

describe("a low-stock alert", () => {
  const low = { available: 2, threshold: 5, version: 7 };
  const raised = restockEvents.LowStockAlertRaised({ ...low, suggestedQuantity: 8 });

  test("is raised once, with what brings the stock to twice its threshold", () => {
    given(restock).when("Assess", low).then(raised).thenOnce();
    given(restock, raised)
      .when("Assess", { ...low, available: 1, version: 8 })
      .then();
    const none = { available: 0, threshold: 0, version: 1 };
    given(restock)
      .when("Assess", none)
      .then(restockEvents.LowStockAlertRaised({ ...none, suggestedQuantity: 1 }));
  });

  test("is cleared once there is more than the threshold, or none any more", () => {
    for (const enough of [
      { available: 6, threshold: 5, version: 8 },
      { available: 2, threshold: 1, version: 8 },
      { available: 0, threshold: null, version: 8 },
    ])
      given(restock, raised).when("Assess", enough).then(restockEvents.LowStockAlertCleared(enough)).thenOnce();
  });

  test("is never raised without a threshold, nor for what is above it", () => {
    given(restock).when("Assess", { available: 0, threshold: null, version: 1 }).then();
    given(restock).when("Assess", { available: 6, threshold: 5, version: 1 }).then();
  });

  test("makes nothing of what was seen before the last look", () => {
    given(restock, raised).when("Assess", { available: 6, threshold: 5, version: 7 }).then();
    const cleared = restockEvents.LowStockAlertCleared({ available: 6, threshold: 5, version: 9 });
    given(restock, raised, cleared)
      .when("Assess", { ...low, version: 8 })
      .then();
  });

  test("is the view low_stock_alerts", () => {
    const row = { sku: "tea", open: true, available: 2, threshold: 5, suggestedQuantity: 8, raisedAt: NOW, clearedAt: null, times: 1 };
    const cleared = happened("restock-tea", restockEvents.LowStockAlertCleared({ available: 9, threshold: 5, version: 8 }), at(1));
    givenLog(lowStockAlerts, happened("restock-tea", raised)).thenRows(row);
    givenLog(lowStockAlerts, happened("restock-tea", raised), cleared).thenRows({ ...row, open: false, available: 9, suggestedQuantity: 0, clearedAt: at(1) });
    givenLog(lowStockAlerts, happened("restock-tea", raised), cleared, happened("restock-tea", raised, at(2))).thenRows({ ...row, raisedAt: at(2), times: 2 });
  });
});

describe("a customer", () => {
  const order = (n: number, outcome: "placed" | "delivered" | "cancelled" = "placed", totalCents = 1000) => ({
    customerId: "ann",
    orderId: `o${n}`,
    outcome,
    totalCents,
    currency: "EUR",
    at: at(n),
  });
  const noted = customerEvents.OrderNoted;
  const milestone = (kind: "orders" | "spent", value: number, n: number) =>
    customerEvents.CustomerMilestoneReached({ customerId: "ann", kind, value, currency: kind === "orders" ? null : "EUR", at: at(n) });
  const nine = Array.from({ length: 9 }, (_, n) => noted(order(n)));

  test("comes with a first order, and reaches the tenth", () => {
    given(customer)
      .when("NoteOrder", order(1))
      .then(noted(order(1)), milestone("orders", 1, 1))
      .thenOnce();
    given(customer, ...nine)
      .when("NoteOrder", order(10))
      .then(noted(order(10)), milestone("orders", 10, 10))
      .thenOnce();
    given(customer, ...nine.slice(1))
      .when("NoteOrder", order(10))
      .then(noted(order(10)));
  });

  test("has spent what was delivered, in each currency for itself", () => {
    const delivered = order(1, "delivered", 9_999);
    given(customer).when("NoteOrder", delivered).then(noted(delivered)).thenOnce();
    const more = order(2, "delivered", 91_000);
    given(customer, noted(delivered))
      .when("NoteOrder", more)
      .then(noted(more), milestone("spent", 10_000, 2), milestone("spent", 100_000, 2))
      .thenOnce();
    const dollars = { ...more, currency: "USD", totalCents: 9_000 };
    given(customer, noted(delivered)).when("NoteOrder", dollars).then(noted(dollars));
    given(customer, noted(delivered))
      .when("NoteOrder", order(3, "cancelled", 91_000))
      .then(noted(order(3, "cancelled", 91_000)));
  });

  test("reaches the same milestones in whatever order the orders are noted, and however often", () => {
    const orders = fc.uniqueArray(
      fc.record({ n: fc.integer({ min: 1, max: 60 }), outcome: fc.constantFrom("placed" as const, "delivered" as const), cents: fc.constant(30_000) }),
      { selector: ({ n, outcome }) => `${n} ${outcome}`, maxLength: 80 },
    );
    type Told = readonly { readonly n: number; readonly outcome: "placed" | "delivered"; readonly cents: number }[];
    const reached = (told: Told): readonly string[] => {
      const facts: NewFact[] = [];
      for (const { n, outcome, cents } of told) {
        const state = facts.reduce((state, fact) => customer.evolve(state, fact), customer.initialState());
        const decided = customer.decide({ name: "NoteOrder", data: order(n, outcome, cents) }, state, { now: NOW, id: "ann" });
        if (!isRejection(decided)) facts.push(...decided);
      }
      const milestones = facts.filter(({ type }) => type === "commerce.CustomerMilestoneReached");
      return milestones.map(({ data }) => `${(data as { kind: string }).kind} ${(data as { value: number }).value}`).toSorted();
    };
    const shuffled = orders.chain((told) => fc.tuple(fc.constant(told), fc.shuffledSubarray([...told, ...told], { minLength: 2 * told.length })));
    fc.assert(fc.property(shuffled, ([told, other]) => void expect(reached(other)).toEqual(reached(told))));
  });

  test("is the views customer_value and customer_milestones", () => {
    const log = [noted(order(2)), noted(order(1)), noted(order(1, "delivered")), noted(order(2, "cancelled")), milestone("orders", 1, 1)];
    const happenings = log.map((fact) => happened("customer-ann", fact));
    givenLog(customerValue, ...happenings).thenRows({
      customerId: "ann",
      orders: 2,
      delivered: 1,
      cancelled: 1,
      spent: { EUR: 1000 },
      firstOrderAt: at(1),
      lastOrderAt: at(2),
    });
    givenLog(customerMilestones, ...happenings).thenRows({ milestoneId: "e5", customerId: "ann", kind: "orders", value: 1, currency: null, at: at(1) });
  });
});

test("the view stock_movements has a row for each movement, by the event's id", () => {
  const facts = [
    inventoryEvents.StockReceived({ quantity: 9 }),
    inventoryEvents.StockReserved({ orderId: "o1", quantity: 4 }),
    inventoryEvents.StockReleased({ orderId: "o1", quantity: 1 }),
    inventoryEvents.StockCommitted({ orderId: "o1", quantity: 3 }),
    inventoryEvents.StockAdjusted({ delta: -2, reason: "broken" }),
    inventoryEvents.LowStockThresholdSet({ threshold: 9 }),
    inventoryEvents.StockReturned({ orderId: "o1", quantity: 3 }),
  ];
  const row = (movementId: string, kind: string, available: number, reserved: number, more: object = {}) => ({
    movementId,
    orderId: null,
    reason: null,
    kind,
    available,
    reserved,
    ...more,
    sku: "tea",
    at: NOW,
  });
  givenLog(stockMovements, ...facts.map((fact) => happened("inventory-tea", fact))).thenRows(
    row("e1", "received", 9, 0),
    row("e2", "reserved", -4, 4, { orderId: "o1" }),
    row("e3", "released", 1, -1, { orderId: "o1" }),
    row("e4", "committed", 0, -3, { orderId: "o1" }),
    row("e5", "adjusted", -2, 0, { reason: "broken" }),
    row("e7", "returned", 3, 0, { orderId: "o1" }),
  );
});

test("the view product_sales adds up what is sold of a sku, in each currency for itself", () => {
  const placed = (currency: string, ...items: readonly (readonly [sku: string, quantity: number, priceCents: number])[]) =>
    orderEvents.OrderPlaced({
      customerId: "ann",
      items: items.map(([sku, quantity, priceCents]) => ({ sku, quantity, priceCents })),
      totalCents: 0,
      currency,
      placedAt: NOW,
    });
  givenLog(
    productSales,
    happened("order-o1", placed("EUR", ["tea", 2, 100], ["tea", 1, 90], ["USD:tea", 1, 5])),
    happened("order-o2", placed("EUR", ["tea", 1, 100])),
    happened("order-o3", placed("USD", ["tea", 1, 120])),
  ).thenRows(
    { salesId: "EUR:USD:tea", sku: "USD:tea", currency: "EUR", orders: 1, quantity: 1, totalCents: 5 },
    { salesId: "EUR:tea", sku: "tea", currency: "EUR", orders: 2, quantity: 4, totalCents: 390 },
    { salesId: "USD:tea", sku: "tea", currency: "USD", orders: 1, quantity: 1, totalCents: 120 },
  );
});
