import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem, get, newerThan } from "../support/http.ts";
import { anOrder, command, decided, each, rowAfter, rowsOf, tally, typesOf, upTo, inStock } from "./commands.ts";

beforeAll(() => inStock());

describe("commerce", () => {
  test("an order is placed, confirmed, shipped and delivered, and its row goes with it", async () => {
    const items = [...anOrder.items, { sku: "pot", quantity: 2, priceCents: 250 }];
    const placed = await command("order/life/PlaceOrder", { ...anOrder, items });
    const row = await rowAfter("order_summary/life", placed);
    expect(row).toMatchObject({ orderId: "life", customerId: anOrder.customerId, status: "placed", totalCents: 1500, itemCount: 3 });
    const steps: readonly (readonly [string, object, string, string])[] = [
      ["ConfirmOrder", {}, "commerce.OrderConfirmed", "confirmed"],
      ["ShipOrder", { tracking: "T1" }, "commerce.OrderShipped", "shipped"],
      ["DeliverOrder", {}, "commerce.OrderDelivered", "delivered"],
    ];
    for (const [name, data, type, status] of steps) {
      const answer = await command(`order/life/${name}`, data);
      expect([typesOf(answer.json()), answer.json<{ state: object }>().state]).toMatchObject([[type], { status }]);
      expect(await rowAfter("order_summary/life", answer)).toEqual({ ...row, status, updatedAt: expect.any(String) });
      // The same again decides nothing.
      expect((await decided(`order/life/${name}`, data)).events).toEqual([]);
    }
    expectProblem(await command("order/life/CancelOrder", { reason: "late" }), 409, "too_late");
  });

  test("an order is cancelled while it is in the house, and not after it was shipped", async () => {
    await each("order/cancel", [["PlaceOrder", anOrder], ["ConfirmOrder"]]);
    const cancelled = await command("order/cancel/CancelOrder", { reason: "changed my mind" });
    expect(typesOf(cancelled.json())).toEqual(["commerce.OrderCancelled"]);
    expect(await rowAfter("order_summary/cancel", cancelled)).toMatchObject({ status: "cancelled" });
    expectProblem(await command("order/cancel/ShipOrder", { tracking: "T1" }), 409);
    await each("order/shipped", [["PlaceOrder", anOrder], ["ConfirmOrder"], ["ShipOrder", { tracking: "T1" }]]);
    expectProblem(await command("order/shipped/CancelOrder", { reason: "too slow" }), 409, "too_late");
    expectProblem(await command("order/empty/PlaceOrder", { ...anOrder, items: [] }), 409, "empty_order");
    expectProblem(await command("order/shipped/PlaceOrder", { ...anOrder, customerId: "bob" }), 409, "already_placed");
  });

  test("stock is received, reserved, released, committed and adjusted, and the view says what is left", async () => {
    const step = async (name: string, data: object, row: object): Promise<void> => {
      expect(await rowAfter("stock/jug", await command(`inventory/jug/${name}`, data)), name).toMatchObject(row);
    };
    await step("Receive", { quantity: 10 }, { available: 10, reserved: 0, threshold: null, low: false });
    await step("Reserve", { orderId: "o1", quantity: 4 }, { available: 6, reserved: 4 });
    await step("Reserve", { orderId: "o2", quantity: 1 }, { available: 5, reserved: 5 });
    await step("Release", { orderId: "o2" }, { available: 6, reserved: 4 });
    await step("Commit", { orderId: "o1" }, { available: 6, reserved: 0 });
    await step("Adjust", { delta: -1, reason: "broken" }, { available: 5 });
    await step("SetLowStockThreshold", { threshold: 4 }, { threshold: 4, low: false });
    expect(typesOf(await decided("inventory/jug/Adjust", { delta: -1, reason: "lost" }))).toEqual(["commerce.StockAdjusted", "commerce.LowStockReached"]);
    await step("Release", { orderId: "o9" }, { available: 4, low: true });
    for (const [name, data] of [
      ["Reserve", { orderId: "o3", quantity: 5 }],
      ["Adjust", { delta: -5, reason: "lost" }],
    ] as const)
      expectProblem(await command(`inventory/jug/${name}`, data), 409, "insufficient_stock");
  });

  test("a payment is requested, captured and refunded, and only a captured one can be refunded", async () => {
    expectProblem(await command("payment/p1/RefundPayment", { reason: "x" }), 409, "not_captured");
    const answers = [
      await decided("payment/p1/RequestPayment", { amountCents: 1000 }),
      await decided("payment/p1/CapturePayment", { reference: "r1" }),
      await decided("payment/p1/RefundPayment", { reason: "returned" }),
    ];
    expect(answers.map((answer) => typesOf(answer)[0])).toEqual(["commerce.PaymentRequested", "commerce.PaymentCaptured", "commerce.PaymentRefunded"]);
    expect(answers[0]?.events[0]?.data).toEqual({ amountCents: 1000, currency: "EUR" });
    await each("payment/p2", [["RequestPayment", { amountCents: 1000, currency: "USD" }]]);
    expect(typesOf(await decided("payment/p2/FailPayment", { reason: "declined" }))).toEqual(["commerce.PaymentFailed"]);
    expectProblem(await command("payment/p2/RefundPayment", { reason: "x" }), 409, "not_captured");
  });

  test("a product is added, priced anew and discontinued", async () => {
    const added = await decided("product/p1/AddProduct", { sku: "cup", name: "Cup", priceCents: 1000 });
    expect([typesOf(added), added.events[0]?.data]).toMatchObject([["commerce.ProductAdded"], { currency: "EUR" }]);
    expect(typesOf(await decided("product/p1/ChangePrice", { priceCents: 900 }))).toEqual(["commerce.PriceChanged"]);
    expect(await decided("product/p1/DiscontinueProduct")).toMatchObject({ events: [{ type: "commerce.ProductDiscontinued" }], state: { priceCents: 900 } });
  });

  test("sales are added up by the day", async () => {
    const headers = { "tenant-id": "commerce-sales" };
    const answers = await Promise.all(upTo(8).map((n) => command(`order/o${n}/PlaceOrder`, anOrder, headers)));
    for (const answer of answers) await get("/v1/views/sales_per_day", { ...headers, ...newerThan(answer) });
    const rows = await rowsOf("sales_per_day", headers);
    const total = (column: string): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
    expect([total("orders"), total("totalCents")]).toEqual([8, 8000]);
    for (const { day } of rows) expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  test("of 64 buyers of the last 10 pieces at the same moment 10 win, and 54 are told that there is too little", async () => {
    const last = await command("inventory/last/Receive", { quantity: 10 });
    expect(last.status).toBe(200);
    const answers = await Promise.all(upTo(64).map((n) => command("inventory/last/Reserve", { orderId: `buyer-${n}`, quantity: 1 })));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 10, 409: 54 });
    for (const refused of answers.filter(({ status }) => status === 409)) expectProblem(refused, 409, "insufficient_stock");
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners.map((answer) => answer.json<{ version: number }>().version).sort((one, other) => one - other)).toEqual(upTo(10).map((n) => n + 1));
    const newest = winners.find((answer) => answer.json<{ version: number }>().version === 11) ?? last;
    expect(await rowAfter("stock/last", newest)).toMatchObject({ available: 0, reserved: 10 });
  });
});
