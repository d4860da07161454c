import mermaid from "mermaid";
import { describe, expect, it, vi } from "vitest";
import { expectProblem, get, ok, send } from "../support/http.ts";

interface Instance {
  readonly state: string;
  readonly reason?: string;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly deadline?: string }[];
  readonly deadlines: readonly { readonly name: string; readonly at: string }[];
  readonly timeline: readonly { readonly type: string; readonly state: string }[];
  readonly mermaid: string;
}

const command = (category: string, id: string, name: string, data: object) => send("POST", `/v1/aggregates/${category}/${id}/${name}`, data);
const saga = async (id: string): Promise<Instance> => ok<Instance>(await get(`/v1/sagas/order-fulfilment/${id}`));
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 50 });
const place = (id: string, customerId: string, sku: string, quantity = 1) =>
  command("order", id, "PlaceOrder", { customerId, items: [{ sku, quantity, priceCents: 250 }] });

describe("a saga over HTTP", () => {
  it("fulfils an order: stock, money, confirmation", async () => {
    ok(await command("inventory", "tea", "Receive", { quantity: 5 }));
    ok(await place("h1", "anna", "tea", 2));
    await until(async () => expect(await saga("h1")).toMatchObject({ state: "completed" }));
    const told = await saga("h1");
    expect(told.steps.map(({ name, state }) => `${name} ${state}`)).toEqual(["reserve done", "payment done", "confirm done", "commit done"]);
    expect(told.timeline.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["saga.Started", "saga.StepStarted", "saga.CallDone", "saga.EventReceived", "saga.Completed"]),
    );
    expect(told.timeline.at(-1)).toMatchObject({ type: "saga.Completed", state: "completed" });
    await expect(mermaid.parse(told.mermaid)).resolves.toMatchObject({ diagramType: "sequence" });
    expect(ok<{ state: object }>(await get("/v1/aggregates/order/h1")).state).toMatchObject({ status: "confirmed" });
  });

  it("gives everything back where the payment is declined, and the list says why", async () => {
    ok(await command("inventory", "milk", "Receive", { quantity: 5 }));
    ok(await place("h2", "declined-bert", "milk", 2));
    await until(async () => expect(await saga("h2")).toMatchObject({ state: "compensated" }));
    expect(ok<{ state: object }>(await get("/v1/aggregates/inventory/milk")).state).toMatchObject({ available: 5, reserved: 0 });
    await until(async () => {
      const { items } = ok<{ items: readonly { id: string }[] }>(await get("/v1/sagas/order-fulfilment?state=compensated"));
      expect(items).toContainEqual(expect.objectContaining({ id: "h2", state: "compensated", reason: expect.any(String) }));
    });
    const { items } = ok<{ items: readonly { name: string; compensated: number }[] }>(await get("/v1/sagas"));
    expect(items.find(({ name }) => name === "order-fulfilment")).toMatchObject({ compensated: expect.any(Number), failures: expect.any(Object) });
  });

  it("waits for money with a deadline, and undoes itself when it is cancelled", async () => {
    ok(await command("inventory", "salt", "Receive", { quantity: 5 }));
    ok(await place("h3", "silent-carl", "salt"));
    await until(async () => expect((await saga("h3")).deadlines).toMatchObject([{ name: "payment" }]));
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h3/retry"), 409, "not_stuck");
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h3/cancel", {}), 422);
    ok(await send("POST", "/v1/sagas/order-fulfilment/h3/cancel", { reason: "the customer called" }));
    await until(async () => expect(await saga("h3")).toMatchObject({ state: "cancelled", reason: "the customer called" }));
    expect(ok<{ state: object }>(await get("/v1/aggregates/inventory/salt")).state).toMatchObject({ available: 5, reserved: 0 });
    expect(ok<{ state: object }>(await get("/v1/aggregates/order/h3")).state).toMatchObject({ status: "cancelled" });
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h3/cancel", { reason: "again" }), 409, "already_over");
  });

  it("starts one by hand, once for each key, with data that fits", async () => {
    const data = { orderId: "h4", totalCents: 100, currency: "EUR", goods: [] };
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment", { id: "h4", data: { orderId: "h4" } }), 422);
    const first = await send("POST", "/v1/sagas/order-fulfilment", { id: "h4", data }, { "idempotency-key": "start-h4" });
    expect(first.status, first.text).toBe(201);
    expect(first.headers.get("location")).toBe("/v1/sagas/order-fulfilment/h4");
    const again = await send("POST", "/v1/sagas/order-fulfilment", { id: "h4", data }, { "idempotency-key": "start-h4" });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment", { id: "h4", data }), 409, "already_started");
  });

  it("says that there is no such saga, or instance, and takes no appends into one from outside", async () => {
    expect(expectProblem(await get("/v1/sagas/none"), 404).detail).toContain("order-fulfilment");
    expectProblem(await get("/v1/sagas/order-fulfilment/nobody"), 404);
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/nobody/skip", { reason: "x" }), 404);
    expectProblem(await send("POST", "/v1/streams/saga_order_fulfilment-h1/events", { events: [{ type: "saga.Completed", data: { at: "x" } }] }), 403);
  });
});
