import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { SagaState } from "../../src/sagas/state.ts";
import { logHead } from "../../src/log/log-heads.ts";
import { env, fireAlarm, send, stub } from "../support/engine.ts";
import { Aggregate, clock } from "../support/worker.ts";

/** Sagas that wait, and how many are asked at a time. */
const SAGAS = 2_000;
const WIDTH = 40;
const TENANT = "waiting";
/** How long (milliseconds) the settings of a tenant are waited for. */
const PATIENCE = 5 * 60_000;

const ids = Array.from({ length: SAGAS }, (_, n) => `w${n}`);
const streamOf = (id: string): string => `saga_tenant_provisioning-${id}`;
const stateOf = async (id: string): Promise<SagaState> => JSON.parse((await stub(TENANT, streamOf(id)).state()).state) as SagaState;
const alarmOf = (id: string): Promise<number | null> => runInDurableObject(stub(TENANT, streamOf(id)), (_, { storage }) => storage.getAlarm());
/** One that nobody asked for ten seconds is gone by itself. */
const evict = (id: string): Promise<void> =>
  evictDurableObject(stub(TENANT, streamOf(id))).catch((fault: unknown) => {
    if (!/not currently running/.test(String(fault))) throw fault;
  });

/** How one stands, and what it has cost since it woke. */
function seen(id: string): Promise<object> {
  return runInDurableObject(stub(TENANT, streamOf(id)), async (instance, { storage }) => {
    const { state, version } = instance.state();
    return { status: (JSON.parse(state) as SagaState).status, version, ...instance.costs(), alarm: await storage.getAlarm() };
  });
}

/** Its alarms are fired until the one of its deadline is left. */
async function letGo(id: string, deadline: number): Promise<void> {
  for (let looks = 0; looks < 100 && (await alarmOf(id)) !== deadline; looks++) if (!(await fireAlarm(TENANT, streamOf(id)))) await scheduler.wait(50);
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

test("2,000 sagas that wait write nothing and wake nobody, keep one alarm each over evictions, and end at their deadline", { timeout: 900_000 }, async () => {
  const started = await each(async (id) => {
    const { state } = await send<SagaState>(TENANT, streamOf(id), "Start", { data: { tenantId: id } });
    return state.steps["settings"]?.deadline ?? "";
  });
  const deadlines = started.map((deadline) => Date.parse(deadline));
  const inLog = async (): Promise<number> => (await logHead(env.LOG_0, TENANT)).position;
  await vi.waitFor(async () => expect(await inLog()).toBe(2 * SAGAS), { timeout: 300_000, interval: 1_000 });
  // What is left of their beginning is the outbox's alarm, which finds everything in the log.
  await each((id) => letGo(id, deadlines[Number(id.slice(1))] as number));
  expect(await each(alarmOf)).toEqual(deadlines);

  const alarms = vi.spyOn(Aggregate.prototype, "alarm");
  await each(evict);
  // Whoever looks at one wakes it, and that is all.
  expect(await each(seen)).toEqual(ids.map((_, index) => ({ status: "running", version: 2, rowsWritten: 0, alarmsSet: 0, alarm: deadlines[index] })));
  expect(await inLog()).toBe(2 * SAGAS);
  expect(alarms).not.toHaveBeenCalled();

  await each(evict);
  clock.aheadMs = PATIENCE;
  expect(await each((id) => fireAlarm(TENANT, streamOf(id)))).toEqual(ids.map(() => true));
  expect(alarms).toHaveBeenCalledTimes(SAGAS);
  const ended = await each(stateOf);
  expect(ended.filter(({ status }) => status !== "compensated")).toEqual([]);
  expect(new Set(ended.map(({ undoing }) => undoing?.reason))).toEqual(new Set([`settings waited longer than ${PATIENCE} ms.`]));
});
