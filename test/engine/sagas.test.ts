import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SagaState } from "../../src/sagas/state.ts";
import { heal } from "../support/faults.ts";
import { send, stateOf } from "../support/engine.ts";

let tenant: string;
let count = 0;

beforeEach(() => {
  heal();
  tenant = `saga-${count++}`;
});

const tell = async (stream: string, name: string, data: object): Promise<unknown> => (await send(tenant, stream, name, data)).state;
const held = <State>(stream: string) => stateOf<State>(tenant, stream);
const sagaOf = (order: string): Promise<SagaState> => held<SagaState>(`saga_order_fulfilment-${order}`);
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const place = (order: string, ...items: readonly (readonly [sku: string, quantity: number])[]): Promise<unknown> =>
  tell(`order-${order}`, "PlaceOrder", { customerId: "silent", currency: "EUR", items: items.map(([sku, quantity]) => ({ sku, quantity, priceCents: 100 })) });

describe("an order's fulfilment", () => {
  it("reserves, waits for the money, confirms, and commits the stock", async () => {
    await tell("inventory-tea", "Receive", { quantity: 10 });
    await place("o1", ["tea", 2], ["tea", 1]);
    await until(async () => expect(await held("payment-o1")).toMatchObject({ status: "requested", amountCents: 300 }));
    expect(await held("inventory-tea")).toMatchObject({ available: 7, reserved: 3 });
    expect(await sagaOf("o1")).toMatchObject({ status: "running", steps: { reserve: { state: "done" }, payment: { state: "running" } } });
    await tell("payment-o1", "CapturePayment", { reference: "r" });
    await until(async () => expect(await sagaOf("o1")).toMatchObject({ status: "completed" }));
    expect(await held("order-o1")).toMatchObject({ status: "confirmed" });
    expect(await held("inventory-tea")).toMatchObject({ available: 7, reserved: 0 });
  });

  it("undoes what it has done where a step fails", async () => {
    await tell("inventory-tea", "Receive", { quantity: 10 });
    await place("o2", ["tea", 2], ["milk", 1]);
    await until(async () => expect(await sagaOf("o2")).toMatchObject({ status: "compensated" }));
    expect(await held("order-o2")).toMatchObject({ status: "cancelled", reason: expect.stringContaining("insufficient_stock") });
    expect(await held("inventory-tea")).toMatchObject({ available: 10, reserved: 0 });
  });

  it("gives everything back where the money does not come", async () => {
    await tell("inventory-tea", "Receive", { quantity: 10 });
    await place("o3", ["tea", 2]);
    await until(async () => expect(await held("payment-o3")).toMatchObject({ status: "requested" }));
    await tell("payment-o3", "FailPayment", { reason: "declined" });
    await until(async () => expect(await sagaOf("o3")).toMatchObject({ status: "compensated" }));
    expect(await held("order-o3")).toMatchObject({ status: "cancelled", reason: "declined" });
    expect(await held("inventory-tea")).toMatchObject({ available: 10, reserved: 0 });
  });

  it("gives money back where it was cancelled, in the reverse order of completion", async () => {
    await tell("inventory-tea", "Receive", { quantity: 10 });
    await place("o4", ["tea", 2]);
    await until(async () => expect(await held("payment-o4")).toMatchObject({ status: "requested" }));
    await tell("saga_order_fulfilment-o4", "Cancel", { reason: "the customer called" });
    await until(async () => expect(await sagaOf("o4")).toMatchObject({ status: "cancelled" }));
    expect(await held("payment-o4")).toMatchObject({ status: "failed" });
    expect(await held("inventory-tea")).toMatchObject({ available: 10, reserved: 0 });
  });
});
