import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { SagaState } from "../../src/sagas/state.ts";
import { fireAlarm, stub, wholeLog } from "../support/engine.ts";
import { Aggregate, clock } from "../support/worker.ts";

/** Sagas that wait, and how many are asked at a time. */
const SAGAS = 2_000;
const WIDTH = 40;
const TENANT = "waiting";
/** How long (milliseconds) the settings of a tenant are waited for. */
const PATIENCE = 5 * 60_000;

const metadata = {
  correlationId: "c-1",
  priority: "normal",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  actor: "key:test",
} as const;
const ids = Array.from({ length: SAGAS }, (_, n) => `w${n}`);
const streamOf = (id: string): string => `saga_tenant_provisioning-${id}`;
const stateOf = async (id: string): Promise<SagaState> => JSON.parse((await stub(TENANT, streamOf(id)).state()).state) as SagaState;
const alarmOf = (id: string): Promise<number | null> => runInDurableObject(stub(TENANT, streamOf(id)), (_, { storage }) => storage.getAlarm());
const evict = (id: string): Promise<void> => evictDurableObject(stub(TENANT, streamOf(id)));

/** How one stands, and what it has cost since it woke. */
function seen(id: string): Promise<object> {
  return runInDurableObject(stub(TENANT, streamOf(id)), async (instance, { storage }) => {
    const { state, version } = instance.state();
    return { status: (JSON.parse(state) as SagaState).status, version, ...instance.costs(), alarm: await storage.getAlarm() };
  });
}

/** Each of them, some at a time; what came of them in their order. */
async function each<Result>(does: (id: string) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < ids.length; at += WIDTH) results.push(...(await Promise.all(ids.slice(at, at + WIDTH).map(does))));
  return results;
}

afterEach(() => {
  clock.aheadMs = 0;
});

test("2,000 sagas that wait write nothing and wake nobody, keep one alarm each over evictions, and end at their deadline", { timeout: 600_000 }, async () => {
  const started = await each(async (id) => {
    const command = { name: "Start", data: { data: { tenantId: id } } };
    const result = await stub(TENANT, streamOf(id)).execute({ command, precondition: { kind: "none" }, source: "/test", metadata });
    if (!result.ok) throw new Error(`expected it to start, got ${result.detail}`);
    return (JSON.parse(result.state) as SagaState).steps["settings"]?.deadline ?? "";
  });
  const deadlines = started.map((deadline) => Date.parse(deadline));
  await vi.waitFor(async () => expect((await wholeLog(TENANT)).length).toBe(2 * SAGAS), { timeout: 300_000, interval: 1_000 });
  // What is left of their beginning is the outbox's alarm, which finds everything in the log.
  await vi.waitFor(
    async () => {
      await each(async (id) => (await alarmOf(id)) === deadlines[Number(id.slice(1))] || fireAlarm(TENANT, streamOf(id)));
      expect(await each(alarmOf)).toEqual(deadlines);
    },
    { timeout: 200_000, interval: 500 },
  );

  const alarms = vi.spyOn(Aggregate.prototype, "alarm");
  await each(evict);
  // Whoever looks at one wakes it, and that is all.
  expect(await each(seen)).toEqual(ids.map((_, index) => ({ status: "running", version: 2, rowsWritten: 0, alarmsSet: 0, alarm: deadlines[index] })));
  expect((await wholeLog(TENANT)).length).toBe(2 * SAGAS);
  expect(alarms).not.toHaveBeenCalled();

  await each(evict);
  clock.aheadMs = PATIENCE;
  expect(await each((id) => fireAlarm(TENANT, streamOf(id)))).toEqual(ids.map(() => true));
  expect(alarms).toHaveBeenCalledTimes(SAGAS);
  const ended = await each(stateOf);
  expect(ended.filter(({ status }) => status !== "compensated")).toEqual([]);
  expect(new Set(ended.map(({ undoing }) => undoing?.reason))).toEqual(new Set([`settings waited longer than ${PATIENCE} ms.`]));
});
