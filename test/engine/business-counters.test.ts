import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { metricsFor } from "../../durable-objects/object-for.ts";
import { defineCounter, defineEvents } from "../../src/kernel/index.ts";
import { logReader } from "../../src/log-composed.ts";
import { advanceViews } from "../../src/views/advance.ts";
import { countersView } from "../../src/views/counters-view.ts";
import { append, deliver, dispatcher, draft, env, fireDispatcher } from "../support/engine.ts";
import { faults, faultyShards, heal } from "../support/faults.ts";
import { get } from "../support/http.ts";
import { testViews } from "../support/worker.ts";

// What a domain counts, in the tenant's figures: each event once, whatever fails on the way.

const sales = defineEvents("sales", { Sold: z.object({ cents: z.int() }) });
testViews.push(
  countersView([
    defineCounter({ name: "shop_sold", events: [sales], on: { "sales.Sold": 1 } }),
    defineCounter({ name: "shop_cents", events: [sales], on: { "sales.Sold": ({ data }) => data.cents } }),
  ]),
);

const sold = (...cents: readonly number[]) => cents.map((each) => draft("sales.Sold", { cents: each }));
const sent = (): readonly string[] => faults.captured?.splice(0) ?? [];

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

/** What the tenant's figures say: how many were sold, and for how much. */
async function told(tenant: string): Promise<readonly (number | undefined)[]> {
  const { text } = await get("/metrics", { "tenant-id": tenant });
  return ["shop_sold", "shop_cents"].map((name) => {
    const found = new RegExp(`^rivulet_business_total\\{counter="${name}"\\} (\\S+)$`, "m").exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  });
}

/** Has the views brought to the end of the log, whatever has failed before. */
async function caughtUp(tenant: string): Promise<void> {
  await vi.waitFor(
    async () => {
      await fireDispatcher(tenant);
      const { text } = await get("/metrics", { "tenant-id": tenant });
      expect(text).toContain('rivulet_view_lag_events{view="rivulet_counters"} 0\n');
    },
    { timeout: 30_000, interval: 50 },
  );
}

test.each(["before its commit", "after its commit, unknown to it", "in the middle of its commit"])(
  "a step of the views that fails %s counts each event once",
  async (when) => {
    const tenant = `counted-${when.length}`;
    await append(tenant, "till-1", sold(250));
    await deliver(sent());
    await caughtUp(tenant);
    expect(await told(tenant)).toEqual([1, 250]);
    let failures = 0;
    const fail = (database: string): void => {
      if (database !== "views" || failures === 2) return;
      failures++;
      throw new Error("D1_ERROR: the connection is lost");
    };
    if (when.startsWith("before")) faults.beforeBatch = fail;
    else if (when.startsWith("after")) faults.afterBatch = fail;
    else faults.midBatch = (database) => (database === "views" && failures++ < 2 ? "INSERT INTO nowhere VALUES (1)" : undefined);
    await append(tenant, "till-1", sold(100, 50));
    await append(tenant, "till-2", sold(7));
    await deliver(sent());
    await caughtUp(tenant);
    expect(failures).toBeGreaterThanOrEqual(2);
    expect(await told(tenant)).toEqual([4, 407]);
  },
);

test("several that move the views at once count each event once", async () => {
  await append("counted-by-many", "till-1", sold(1, 2, 3));
  vi.spyOn(console, "error").mockImplementation(() => {});
  faults.beforeBatch = (database) => {
    if (database === "views") throw new Error("D1_ERROR: overloaded");
  };
  await deliver(sent());
  faults.beforeBatch = () => {};
  const shardOf = faultyShards(env);
  const engine = { db: shardOf("").views, log: logReader(shardOf), views: testViews, now: () => Date.now() };
  await Promise.all(Array.from({ length: 5 }, () => advanceViews(engine, "counted-by-many")));
  await caughtUp("counted-by-many");
  expect(await told("counted-by-many")).toEqual([3, 6]);
});

test("what is counted is lost neither with an isolate's memory nor with the object that keeps the other figures", async () => {
  await append("counted-lost", "till-1", sold(5));
  await deliver(sent());
  await caughtUp("counted-lost");
  await runInDurableObject(dispatcher("counted-lost"), (_, state) => state.abort("evicted")).catch(() => {});
  await runDurableObjectAlarm(metricsFor(env, 0));
  await metricsFor(env, 0).forget("counted-lost");
  await append("counted-lost", "till-1", sold(6));
  await deliver(sent());
  await caughtUp("counted-lost");
  expect(await told("counted-lost")).toEqual([2, 11]);
});
