import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import type { SagaState } from "../../src/sagas/state.ts";
import { fireAlarm, send, stateOf, stub, wholeStream } from "../support/engine.ts";
import { Aggregate, clock } from "../support/worker.ts";

const TENANT = "saga-by-hand";
const FULFILMENT = "saga_order_fulfilment-o1";
const PROVISIONING = "saga_tenant_provisioning-given-up";
const sagaOf = (stream: string): Promise<SagaState> => stateOf<SagaState>(TENANT, stream);

afterEach(() => {
  vi.restoreAllMocks();
  clock.aheadMs = 0;
});

it("a command that was done, though none of its answers came, is not done again when its step is retried by hand", { timeout: 120_000 }, async () => {
  await send(TENANT, "inventory-tea", "Receive", { quantity: 10 });
  const keys: unknown[] = [];
  const { execute } = Aggregate.prototype;
  let isLossy = true;
  vi.spyOn(Aggregate.prototype, "execute").mockImplementation(async function (this: InstanceType<typeof Aggregate>, request) {
    const answer = await execute.call(this, request);
    if (request.command.name !== "Reserve") return answer;
    keys.push(request.idempotency?.key);
    return isLossy ? { ok: false, code: "fault", detail: "The answer was lost." } : answer;
  });
  await send(TENANT, FULFILMENT, "Start", { data: { orderId: "o1", totalCents: 100, currency: "EUR", goods: [{ sku: "tea", quantity: 2 }] } });
  await vi.waitFor(
    async () => {
      clock.aheadMs += 3_600_000;
      await fireAlarm(TENANT, FULFILMENT);
      expect((await sagaOf(FULFILMENT)).status).toBe("stuck");
    },
    { timeout: 60_000, interval: 50 },
  );
  isLossy = false;
  const before = keys.length;
  await send(TENANT, FULFILMENT, "Retry", {});
  await vi.waitFor(async () => expect((await sagaOf(FULFILMENT)).steps["reserve"]?.state).toBe("done"), { timeout: 20_000 });
  expect(keys.length).toBe(before + 1);
  expect(new Set(keys).size).toBe(1);
  expect((await wholeStream(TENANT, "inventory-tea")).map(({ type }) => type)).toEqual(["commerce.StockReceived", "commerce.StockReserved"]);
});

it("a saga whose alarm is no more goes on when somebody has all objects reconciled", async () => {
  await send(TENANT, PROVISIONING, "Start", { data: { tenantId: "given-up" } });
  await runInDurableObject(stub(TENANT, PROVISIONING), (_, { storage }) => storage.deleteAlarm());
  await evictDurableObject(stub(TENANT, PROVISIONING)).catch(() => {});
  clock.aheadMs = 6 * 60_000;
  await stub(TENANT, PROVISIONING).reconcile(true);
  await vi.waitFor(async () => expect((await sagaOf(PROVISIONING)).status).toBe("compensated"), { timeout: 20_000 });
});
