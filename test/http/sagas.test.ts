import mermaid from "mermaid";
import { describe, expect, it, vi } from "vitest";
import { append, expectProblem, get, ok, send } from "../support/http.ts";

interface Instance {
  readonly state: string;
  readonly reason?: string;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly deadline?: string }[];
  readonly deadlines: readonly { readonly name: string; readonly at: string }[];
  readonly timeline: readonly { readonly type: string; readonly state: string }[];
  readonly mermaid: string;
}

interface Letter {
  readonly id: string;
  readonly subscription: string;
  readonly event: { readonly stream: string; readonly position: number; readonly type: string };
  readonly attempts: readonly { readonly error: string | null }[];
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

  it("gives everything back where an order is cancelled after its fulfilment is through", async () => {
    ok(await command("inventory", "mint", "Receive", { quantity: 5 }));
    ok(await place("h1c", "anna", "mint", 2));
    await until(async () => expect(await saga("h1c")).toMatchObject({ state: "completed" }));
    const stock = async () => ok<{ state: object }>(await get("/v1/aggregates/inventory/mint")).state;
    expect(await stock()).toMatchObject({ available: 3, reserved: 0 });
    ok(await command("order", "h1c", "CancelOrder", { reason: "changed my mind" }));
    await until(async () => expect(await stock()).toMatchObject({ available: 5, reserved: 0 }));
    await until(async () => expect(ok<{ state: object }>(await get("/v1/aggregates/payment/h1c")).state).toMatchObject({ status: "refunded" }));
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

  it("sends nothing to an id that nobody could address, and undoes itself", async () => {
    const id = "i".repeat(195);
    const registered = { type: "users.UserRegistered", data: { email: "long@a.example", name: "L", registeredAt: "2026-01-01T00:00:00.000Z" } };
    expect((await append(`user-${id}`, [registered])).status).toBe(201);
    const onboarding = async () => ok<Instance>(await get(`/v1/sagas/user-onboarding/${id}`));
    await until(async () => expect(await onboarding()).toMatchObject({ state: "compensated", reason: expect.stringContaining("AssignRole: invalid_id") }));
    expect(ok<{ state: object }>(await get(`/v1/aggregates/user/${id}`)).state).toMatchObject({ status: "deactivated" });
    const streams = ok<{ items: readonly { stream: string }[] }>(await get("/v1/streams?category=membership"));
    expect(streams.items.filter(({ stream }) => stream.endsWith(id))).toEqual([]);
  });

  it("waits for money with a deadline, and undoes itself when it is cancelled", async () => {
    ok(await command("inventory", "salt", "Receive", { quantity: 5 }));
    ok(await place("h3", "silent-carl", "salt"));
    await until(async () => expect((await saga("h3")).deadlines).toMatchObject([{ name: "payment" }]));
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h3/retry"), 409, "not_stuck");
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h3/cancel", { reason: "" }), 422);
    ok(await send("POST", "/v1/sagas/order-fulfilment/h3/cancel", { reason: "the customer called" }));
    await until(async () => expect(await saga("h3")).toMatchObject({ state: "cancelled", reason: "the customer called" }));
    expect(ok<{ state: object }>(await get("/v1/aggregates/inventory/salt")).state).toMatchObject({ available: 5, reserved: 0 });
    expect(ok<{ state: object }>(await get("/v1/aggregates/order/h3")).state).toMatchObject({ status: "cancelled" });
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h3/cancel", { reason: "again" }), 409, "already_over");
  });

  it("is cancelled without a reason, and without a body, and says that none was given", async () => {
    ok(await command("inventory", "honey", "Receive", { quantity: 5 }));
    const ways = { h8: undefined, h9: {} };
    for (const [id, body] of Object.entries(ways)) {
      ok(await place(id, "silent-dora", "honey"));
      await until(async () => expect((await get(`/v1/sagas/order-fulfilment/${id}`)).status).toBe(200));
      ok(await send("POST", `/v1/sagas/order-fulfilment/${id}/cancel`, body));
      await until(async () => expect(await saga(id)).toMatchObject({ state: "cancelled", reason: "No reason was given." }));
    }
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h8/skip", { reason: "x" }), 409, "not_stuck");
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/nobody/skip", { reason: "x" }), 404);
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment/h8/skip", {}), 422);
  });

  it("starts one by hand, once for each key, with data that fits", async () => {
    const data = { orderId: "h4", totalCents: 100, currency: "EUR", goods: [] };
    expectProblem(await send("POST", "/v1/sagas/order-fulfilment", { id: "h4", data: { orderId: "h4" } }), 422);
    const other = expectProblem(await send("POST", "/v1/sagas/order-fulfilment", { id: "h9", data }), 422);
    expect(other.errors).toEqual([{ path: "id", message: "Expected h4, of which the data is" }]);
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

  it("shows one that is stuck among the dead letters until it is retried or its step is skipped", async () => {
    const letters = async (query = "?subscription=saga:order-fulfilment") =>
      ok<{ items: readonly Letter[]; next: string | null }>(await get(`/v1/dead-letters${query}`));
    const stuckSince = (id: string, after = 0) =>
      vi.waitFor(
        async () => {
          const found = (await letters()).items.find(({ event }) => event.stream === `saga_order_fulfilment-${id}` && event.position > after);
          expect(found).toBeDefined();
          return found as Letter;
        },
        { timeout: 20_000, interval: 50 },
      );
    ok(await command("inventory", "shut", "Receive", { quantity: 5 }));
    ok(await send("DELETE", "/v1/streams/inventory-shut"));
    for (const id of ["h5", "h6"]) ok(await place(id, "anna", "shut"));
    const first = await stuckSince("h5");
    await stuckSince("h6");
    expect(await saga("h5")).toMatchObject({ state: "stuck", reason: expect.stringContaining("stream_closed") });
    expect(first).toMatchObject({
      id: `saga:order-fulfilment~${first.event.position}`,
      subscription: "saga:order-fulfilment",
      event: { type: "saga.Stuck", data: { step: "reserve", reason: expect.stringContaining("stream_closed") } },
    });
    for (const verb of ["skip", "retry"])
      expectProblem(
        await send("POST", `/v1/sagas/order-fulfilment/h5/${verb}`, { step: "payment", ...(verb === "skip" && { reason: "x" }) }),
        409,
        "stuck_elsewhere",
      );
    // Reserving was refused, and so was releasing.
    expect(first.attempts.map(({ error }) => error)).toEqual([expect.stringContaining("inventory Reserve"), expect.stringContaining("inventory Release")]);
    expect(ok(await get(`/v1/dead-letters/${first.id}`))).toMatchObject({ id: first.id, waitingBehind: null });
    expect((await letters("?type=saga.Stuck&limit=1")).items).toHaveLength(1);
    expect((await letters("?type=commerce.*")).items).toEqual([]);
    const page = await letters("?limit=1");
    expect((await letters(`?limit=1&cursor=${encodeURIComponent(page.next ?? "")}`)).items).not.toEqual(page.items);

    expectProblem(await send("POST", `/v1/dead-letters/${first.id}/redrive`, { edit: {} }), 422);
    const redriven = await send("POST", `/v1/dead-letters/${first.id}/redrive`, undefined, { "idempotency-key": "redrive-h5" });
    expect([redriven.status, redriven.json()]).toEqual([202, { id: first.id, subscription: "saga:order-fulfilment" }]);
    expect((await send("POST", `/v1/dead-letters/${first.id}/redrive`, undefined, { "idempotency-key": "redrive-h5" })).status).toBe(202);
    // In vain: it is parked anew, with one attempt more.
    const second = await stuckSince("h5", first.event.position);
    expect(second.attempts).toHaveLength(3);
    expectProblem(await get(`/v1/dead-letters/${first.id}`), 404);

    const { redrives } = ok<{ redrives: readonly { subscription: string; id: string }[] }>(
      await send("POST", "/v1/dead-letters/redrive", { stream: "saga_order_fulfilment-h5" }),
    );
    expect(redrives).toEqual([{ subscription: "saga:order-fulfilment", id: second.id }]);
    const third = await stuckSince("h5", second.event.position);
    expectProblem(await send("DELETE", `/v1/dead-letters/${third.id}`), 422);
    expect((await send("DELETE", `/v1/dead-letters/${third.id}?reason=nothing%20was%20reserved`)).status).toBe(204);
    await until(async () => expect(await saga("h5")).toMatchObject({ state: "compensated" }));
    await until(async () => expect((await letters()).items.map(({ event }) => event.stream)).toEqual(["saga_order_fulfilment-h6"]));
    expectProblem(await send("DELETE", `/v1/dead-letters/${third.id}?reason=again`), 404);
    expect(ok<{ state: object }>(await get("/v1/aggregates/order/h5")).state).toMatchObject({ status: "cancelled" });
  });
});
