import { describe, expect, test } from "vitest";
import { commerce, inventoryEvents, orderEvents, orderSummary, salesPerDay, stock } from "../../../../src/domains/commerce/index.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";

const LATER = "2026-02-01T10:00:00.000Z";

const placed = (priceCents: number, placedAt: string, currency = "EUR") =>
  orderEvents.OrderPlaced({
    customerId: "c1",
    items: [
      { sku: "A", quantity: 2, priceCents },
      { sku: "B", quantity: 1, priceCents: 0 },
    ],
    totalCents: 2 * priceCents,
    currency,
    placedAt,
  });

describe("order_summary", () => {
  const first = happened("order-o1", placed(900, "2026-01-31T23:59:59.999Z"), "2026-01-31T23:59:59.999Z");
  const row = {
    orderId: "o1",
    customerId: "c1",
    status: "placed",
    totalCents: 1_800,
    itemCount: 3,
    placedAt: "2026-01-31T23:59:59.999Z",
    updatedAt: "2026-01-31T23:59:59.999Z",
  };

  test("has an order as it was placed, with its pieces counted", () => {
    givenLog(orderSummary, first).thenRows(row);
  });

  test.each([
    ["confirmed", orderEvents.OrderConfirmed({})],
    ["shipped", orderEvents.OrderShipped({ tracking: "T1" })],
    ["delivered", orderEvents.OrderDelivered({})],
    ["cancelled", orderEvents.OrderCancelled({ reason: "too dear" })],
  ])("says %s, and since when", (status, fact) => {
    givenLog(orderSummary, first, happened("order-o1", fact, LATER)).thenRows({ ...row, status, updatedAt: LATER });
  });

  test("keeps orders apart, and has none for what was never placed", () => {
    givenLog(orderSummary, first, happened("order-o2", placed(1, LATER), LATER), happened("order-o3", orderEvents.OrderConfirmed({}), LATER)).thenRows(row, {
      ...row,
      orderId: "o2",
      totalCents: 2,
      placedAt: LATER,
      updatedAt: LATER,
    });
  });
});

describe("stock", () => {
  const received = happened("inventory-MUG-1", inventoryEvents.StockReceived({ quantity: 10 }));
  const thresholdSet = happened("inventory-MUG-1", inventoryEvents.LowStockThresholdSet({ threshold: 3 }));
  const forOrder = { orderId: "o1", quantity: 7 };
  const reserved = happened("inventory-MUG-1", inventoryEvents.StockReserved(forOrder));
  const row = { sku: "MUG-1", available: 10, reserved: 0, threshold: null, low: false };

  test("has what came in, and no threshold before one is set", () => {
    givenLog(stock, received).thenRows(row);
    givenLog(stock, received, thresholdSet).thenRows({ ...row, threshold: 3 });
  });

  test("has what is reserved, until it is released or leaves", () => {
    givenLog(stock, received, reserved).thenRows({ ...row, available: 3, reserved: 7 });
    givenLog(stock, received, reserved, happened("inventory-MUG-1", inventoryEvents.StockReleased(forOrder))).thenRows(row);
    givenLog(stock, received, reserved, happened("inventory-MUG-1", inventoryEvents.StockCommitted(forOrder))).thenRows({ ...row, available: 3 });
    const gone = happened("inventory-MUG-1", inventoryEvents.StockCommitted(forOrder));
    givenLog(stock, received, reserved, gone, happened("inventory-MUG-1", inventoryEvents.StockReturned(forOrder))).thenRows(row);
  });

  test("is low at the threshold or below it, and not above", () => {
    const taken = (delta: number) => happened("inventory-MUG-1", inventoryEvents.StockAdjusted({ delta, reason: "count" }));
    givenLog(stock, received, thresholdSet, reserved).thenRows({ ...row, available: 3, reserved: 7, threshold: 3, low: true });
    givenLog(stock, received, thresholdSet, taken(-6)).thenRows({ ...row, available: 4, threshold: 3 });
    givenLog(stock, received, thresholdSet, taken(-10)).thenRows({ ...row, available: 0, threshold: 3, low: true });
    givenLog(stock, received, thresholdSet, taken(-10), taken(10)).thenRows({ ...row, threshold: 3 });
  });

  test("is low at once where the threshold is set above it", () => {
    givenLog(stock, thresholdSet).thenRows({ ...row, available: 0, threshold: 3, low: true });
  });
});

describe("sales_per_day", () => {
  test("adds up what was placed on a day, by the day in UTC", () => {
    givenLog(
      salesPerDay,
      happened("order-o1", placed(900, "2026-01-31T23:59:59.999Z")),
      happened("order-o2", placed(100, "2026-02-01T00:00:00.000Z")),
      happened("order-o3", placed(1, "2026-01-31T00:00:00.000Z")),
    ).thenRows({ day: "2026-01-31", orders: 2, totalCents: 1_802 }, { day: "2026-02-01", orders: 1, totalCents: 200 });
  });

  test("counts an order by when it was placed, not by when the platform learned of it", () => {
    givenLog(salesPerDay, happened("order-o1", placed(900, "2026-01-31T12:00:00.000Z"), LATER)).thenRows({ day: "2026-01-31", orders: 1, totalCents: 1_800 });
  });

  test("leaves a sale counted that is cancelled later", () => {
    const cancelled = happened("order-o1", orderEvents.OrderCancelled({ reason: "too dear" }), LATER);
    givenLog(salesPerDay, happened("order-o1", placed(900, LATER)), cancelled).thenRows({ day: "2026-02-01", orders: 1, totalCents: 1_800 });
  });

  test("never adds the cents of two currencies", () => {
    givenLog(salesPerDay, happened("order-o1", placed(900, LATER)), happened("order-o2", placed(700, LATER, "USD"))).thenRows(
      { day: "2026-02-01", orders: 1, totalCents: 1_800 },
      { day: "2026-02-01:USD", orders: 1, totalCents: 1_400 },
    );
  });
});

test("the module has its categories, commands, events and views under the names that clients use, before what handlers add", () => {
  const deciders = commerce.deciders.slice(0, 4);
  expect(deciders.map(({ category, commands }) => [category, ...Object.keys(commands)])).toEqual([
    ["product", "AddProduct", "ChangePrice", "DiscontinueProduct"],
    ["inventory", "Receive", "Reserve", "Release", "Commit", "Return", "TakeBack", "Adjust", "SetLowStockThreshold"],
    ["order", "PlaceOrder", "ConfirmOrder", "ShipOrder", "DeliverOrder", "CancelOrder"],
    ["payment", "RequestPayment", "CapturePayment", "FailPayment", "RefundPayment"],
  ]);
  expect(deciders.map(({ forms }) => [...forms.keys()].map((type) => type.replace(/^commerce\./, "")))).toEqual([
    ["ProductAdded", "PriceChanged", "ProductDiscontinued"],
    ["StockReceived", "StockReserved", "StockReleased", "StockCommitted", "StockReturned", "StockAdjusted", "LowStockThresholdSet", "LowStockReached"],
    ["OrderPlaced", "OrderConfirmed", "OrderShipped", "OrderDelivered", "OrderCancelled"],
    ["PaymentRequested", "PaymentCaptured", "PaymentFailed", "PaymentRefunded"],
  ]);
  expect(commerce.projections.slice(0, 3).map(({ name, key }) => [name, key])).toEqual([
    ["order_summary", "orderId"],
    ["stock", "sku"],
    ["sales_per_day", "day"],
  ]);
});
