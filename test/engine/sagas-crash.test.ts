import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { SagaState } from "../../src/sagas/state.ts";
import { fireAlarm, send, stateOf, stub, wholeStream } from "../support/engine.ts";

const TENANT = "saga-crash";
const FULFILMENT = "saga_order_fulfilment";
const tell = (stream: string, name: string, data: object) => send(TENANT, stream, name, data);
const sagaOf = (id: string) => stateOf<SagaState>(TENANT, `${FULFILMENT}-${id}`);
const crash = (stream: string): Promise<void> => runInDurableObject(stub(TENANT, stream), (_, state) => state.abort("lost")).catch(() => {});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const typesOf = async (stream: string): Promise<readonly string[]> => (await wholeStream(TENANT, stream)).map(({ type }) => type);

/** Lets an instance go on from its alarm, and crashes it a moment later, each time a little further; tells how often, and at which steps it stood then. */
async function crashOften(id: string, isThere: (state: SagaState) => boolean): Promise<{ readonly crashes: number; readonly at: ReadonlySet<string> }> {
  const at = new Set<string>();
  for (let crashes = 0; crashes < 400; crashes++) {
    const state = await sagaOf(id);
    if (isThere(state)) return { crashes, at };
    await crash(`${FULFILMENT}-${id}`);
    for (const [step, { state: doing }] of Object.entries((await sagaOf(id)).steps)) if (doing === "running" || doing === "undoing") at.add(`${doing} ${step}`);
    const alarm = fireAlarm(TENANT, `${FULFILMENT}-${id}`).catch(() => {});
    await pause(crashes % 12);
    await crash(`${FULFILMENT}-${id}`);
    await alarm;
  }
  throw new Error(`expected ${id} to come to its end, got ${JSON.stringify(await sagaOf(id))}`);
}

/** Begins an order's fulfilment by hand. */
async function begin(id: string): Promise<void> {
  await tell(`order-${id}`, "PlaceOrder", {
    customerId: "silent",
    currency: "EUR",
    items: ["tea", "milk"].map((sku) => ({ sku, quantity: 2, priceCents: 100 })),
  });
  const goods = ["tea", "milk"].map((sku) => ({ sku, quantity: 2 }));
  await tell(`${FULFILMENT}-${id}`, "Start", { data: { orderId: id, totalCents: 400, currency: "EUR", goods } }).catch(() => {});
}

it("a fulfilment whose object crashes again and again comes to its end, and nothing of it is done twice", async () => {
  for (const sku of ["tea", "milk"]) await tell(`inventory-${sku}`, "Receive", { quantity: 10 });
  await begin("paid");
  const before = await crashOften("paid", ({ steps }) => steps["payment"]?.calls.every(({ state }) => state === "done") ?? false);
  await tell("payment-paid", "CapturePayment", { reference: "r" });
  const after = await crashOften("paid", ({ status }) => status === "completed");
  expect(before.crashes).toBeGreaterThan(1);
  expect([...before.at, ...after.at]).toEqual(expect.arrayContaining(["running reserve", "running payment"]));
  expect(await typesOf("order-paid")).toEqual(["commerce.OrderPlaced", "commerce.OrderConfirmed"]);
  expect(await typesOf("payment-paid")).toEqual(["commerce.PaymentRequested", "commerce.PaymentCaptured"]);
  expect(await typesOf("inventory-tea")).toEqual(["commerce.StockReceived", "commerce.StockReserved", "commerce.StockCommitted"]);
});

it("those that undo themselves under crashes give everything back, once", async () => {
  const ids = ["c1", "c2", "c3", "c4"];
  for (const sku of ["tea", "milk"]) await tell(`inventory-${sku}`, "Receive", { quantity: 10 });
  const met = new Set<string>();
  for (const id of ids) {
    await begin(id);
    await crashOften(id, ({ steps }) => steps["payment"]?.calls.every(({ state }) => state === "done") ?? false);
    await tell(`${FULFILMENT}-${id}`, "Cancel", { reason: "the customer called" });
    for (const moment of (await crashOften(id, ({ status }) => status === "cancelled")).at) met.add(moment);
    expect(await typesOf(`order-${id}`)).toEqual(["commerce.OrderPlaced", "commerce.OrderCancelled"]);
    expect(await typesOf(`payment-${id}`)).toEqual(["commerce.PaymentRequested", "commerce.PaymentFailed"]);
    const undone = (await wholeStream(TENANT, `${FULFILMENT}-${id}`)).filter(({ type }) => type === "saga.StepUndone");
    expect(undone.map(({ data }) => (data as { step: string }).step)).toEqual(["payment", "reserve", "(afterwards)"]);
  }
  expect([...met].filter((moment) => moment.startsWith("undoing ")).length).toBeGreaterThan(0);
  expect((await typesOf("inventory-milk")).filter((type) => type === "commerce.StockReleased")).toHaveLength(ids.length);
});
