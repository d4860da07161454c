import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { dispatcherFor, metricsFor, objectFor, tenantKeyFor } from "../../durable-objects/object-for.ts";
import { append, deliver, dispatcher, draft, env, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { listen, standing } from "../support/followers.ts";
import { tellTenant, tenantNow } from "../support/tenants.ts";
import { sinks, testViews } from "../support/worker.ts";
import { logHead } from "../../src/log/log-heads.ts";
import { readGenerations } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { newSealer } from "../support/sealed.ts";
import { type SubscriptionState, subscriptionContext } from "../../src/followers/subscription.ts";
import { deleted, eraser, figuresOf, heldByNobody, holding, LIVED, lived, rowsOf, runToTheEnd } from "../support/erased.ts";

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

beforeEach(() => {
  listen();
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
  sinks.handle = async () => {};
});

/** The secret of the tenant's subscription, as it is sealed. */
async function sealedSecret(tenant: string): Promise<string> {
  const { settings } = JSON.parse((await objectFor(env, tenant, "rivulet_subscription-s").state()).state) as SubscriptionState;
  if (settings?.sink.kind !== "push") throw new Error("expected a subscription that pushes");
  return settings.sink.secret;
}

/** What an isolate that remembers nothing opens of it, with the same MASTER_KEY. */
const opened = (tenant: string, copy: string) => newSealer().open(copy, subscriptionContext(tenant, "s"));

describe("a deleted tenant", () => {
  test("has secrets that nobody opens any more, with whatever copy and the same MASTER_KEY, and gets no new key", async () => {
    await lived("unsealed");
    const copy = await sealedSecret("unsealed");
    expect(await opened("unsealed", copy)).toMatch(/^whsec_/);
    await deleted("unsealed");
    await runToTheEnd("unsealed");
    expect(await opened("unsealed", copy)).toBeUndefined();
    expect(await tenantKeyFor(env, "unsealed").key()).toEqual({ destroyed: true });
    await expect(newSealer().seal("late", subscriptionContext("unsealed", "s"))).rejects.toMatchObject({ code: "tenant_deleted" });
    expect(await opened("unsealed", copy)).toBeUndefined();
  });

  test("has its key destroyed as soon as the log is told, while nothing else of it could be deleted yet", async () => {
    await lived("key-first");
    const copy = await sealedSecret("key-first");
    await deleted("key-first");
    const spy = vi.spyOn(DispatcherObject.prototype, "retire").mockRejectedValueOnce(new Error("not now"));
    await runDurableObjectAlarm(eraser("key-first"));
    expect(spy).toHaveBeenCalledTimes(1);
    expect(await eraser("key-first").progress()).toMatchObject({ step: "followers" });
    expect(await sealedSecret("key-first")).toBe(copy);
    expect(await opened("key-first", copy)).toBeUndefined();
    await runToTheEnd("key-first");
  });

  test("leaves nothing in any object, nor in the log and the views, but the mark that it is deleted", async () => {
    await lived("erased-1");
    expect(Object.keys(await rowsOf("erased-1"))).toEqual(
      expect.arrayContaining(["events", "streams", "view_cursors", "event_types", "dead_letters", "view_rows", "view_search"]),
    );
    expect(await holding("erased-1")).toEqual(
      expect.arrayContaining(["note-0", "follower", "handler", "registry 07", "registry f0", "denials", "limit", "alerts", "limit of a key", "circuit"]),
    );
    await deleted("erased-1");
    await eraser("erased-1").begin();
    await runToTheEnd("erased-1");
    expect(await rowsOf("erased-1")).toEqual({});
    await heldByNobody("erased-1");
    expect(await figuresOf("erased-1")).toEqual({});
    expect(await tenantNow("erased-1")).toMatchObject({ erased: LIVED });
    expect(await env.LOG_0.prepare("SELECT deleted IS NOT NULL AS is_deleted FROM heads WHERE tenant = 'erased-1'").first("is_deleted")).toBe(1);
  });

  test("leaves no row of a view that was built anew either, be it one of the platform's or a declared one", async () => {
    const tenant = "erased-rebuilt";
    await lived(tenant);
    const { position: head } = await logHead(env.LOG_0, tenant);
    for (const view of testViews) expect(await beginBuild(env.VIEWS_0, tenant, view, { purpose: "rebuild", head, now: Date.now() })).toBe("begun");
    await dispatcher(tenant).wake();
    await until(async () => {
      await runDurableObjectAlarm(dispatcher(tenant));
      expect((await readGenerations(env.VIEWS_0, tenant)).filter(({ state }) => state === "building")).toEqual([]);
    });
    const anew = await env.VIEWS_0.prepare("SELECT count(*) AS n FROM event_types WHERE tenant = ?1 || '#1'").bind(tenant).first<number>("n");
    expect(anew).toBeGreaterThan(0);
    await deleted(tenant);
    await eraser(tenant).begin();
    await runToTheEnd(tenant);
    expect(await rowsOf(tenant)).toEqual({});
  });

  test("has no figures left, on disk or in memory, nor any that an isolate comes with late, beside those of others", async () => {
    const tenant = "erased-figures";
    await lived(tenant);
    const figures = metricsFor(env, 0);
    await runDurableObjectAlarm(figures);
    await deleted(tenant);
    await runToTheEnd(tenant);
    expect(await figuresOf(tenant)).toEqual({});
    const late = { rivulet_queue_operations_total: { "[]": 3 } };
    const tails = { "note-0": { version: 1, since: 1, told: 1, until: Number.MAX_SAFE_INTEGER } };
    const add = () =>
      figures.add({
        shard: 0,
        from: "late",
        sequence: Date.now(),
        tenants: { [tenant]: late, "erased-not": late },
        tails: { [tenant]: tails, "erased-not": tails },
      });
    await add();
    await runDurableObjectAlarm(figures);
    await evictDurableObject(figures);
    await add();
    await runDurableObjectAlarm(figures);
    expect(await figuresOf(tenant)).toEqual({});
    expect(Object.keys(await figuresOf("erased-not"))).toEqual(["rivulet_queue_operations_total", "tails"]);
    const kept = await runInDurableObject(figures, (_, { storage }) => [...storage.kv.list()].map(([name]) => name));
    expect(kept.filter((name) => name.endsWith(`:${tenant}`))).toEqual([`gone:${tenant}`]);
  });

  test("has what comes late refused by the log, and forgotten by its object, beside the events of others", async () => {
    await lived("erased-2");
    faults.captured = [];
    await append("erased-2", "note-0", [draft("notes.Written", { text: "sent before, there after" })]);
    const [before = []] = [faults.captured.splice(0)];
    faults.captured = undefined;
    await deleted("erased-2");
    await eraser("erased-2").begin();
    await runToTheEnd("erased-2");
    // Nobody who asks first stands in the way of a write that is under way, or of a handler's command.
    faults.captured = [];
    await append("erased-2", "note-late", [draft("notes.Written", { text: "late" })]);
    await append("erased-beside", "note-1", [draft("notes.Written", { text: "of another" })]);
    const late = faults.captured.splice(0);
    expect(await deliver([...before, ...late])).toEqual([]);
    expect(await rowsOf("erased-2")).toEqual({});
    await heldByNobody("erased-2");
    expect(await stub("erased-2", "note-late").describe()).toBeUndefined();
    expect(await wholeLog("erased-beside")).toHaveLength(1);
  });

  test("has an object whose hints were lost forget by its own alarm", async () => {
    await tellTenant("erased-3", "Create", { name: "x" });
    await deleted("erased-3");
    await runToTheEnd("erased-3");
    faults.captured = [];
    await append("erased-3", "note-1", [draft("notes.Written", { text: "late" })]);
    faults.captured = undefined;
    expect(await runDurableObjectAlarm(stub("erased-3", "note-1"))).toBe(true);
    await until(async () => expect(await stub("erased-3", "note-1").describe()).toBeUndefined());
    await heldByNobody("erased-3");
  });

  test("is not deleted by a job that was prepared, where it was not said", async () => {
    await lived("erased-4");
    await eraser("erased-4").prepare();
    expect(await runDurableObjectAlarm(eraser("erased-4"))).toBe(true);
    expect(await eraser("erased-4").progress()).toBeUndefined();
    expect(await wholeLog("erased-4")).toHaveLength(LIVED.events);
    expect(await standing("erased-4", "s")).toMatchObject({ parked: 1 });
  });

  test("is deleted though nobody came to say that the job begins", async () => {
    await lived("erased-5");
    await deleted("erased-5");
    await runToTheEnd("erased-5");
    expect(await rowsOf("erased-5")).toEqual({});
  });

  test("is deleted from the beginning where other code has begun with steps that are not known here", async () => {
    await lived("erased-other-code");
    await deleted("erased-other-code");
    const job = { step: "of other code", after: "x", streams: 0, events: 0, failures: 0 };
    await runInDurableObject(eraser("erased-other-code"), (_, { storage }) => storage.kv.put("job", job));
    await runToTheEnd("erased-other-code");
    expect(await rowsOf("erased-other-code")).toEqual({});
  });

  test("has a dispatcher that moves nothing and tells nobody, whoever speaks to it", async () => {
    await tellTenant("erased-6", "Create", { name: "x" });
    await deleted("erased-6");
    await runToTheEnd("erased-6");
    await dispatcher("erased-6").advanced({ position: 7, epoch: "e" });
    await dispatcher("erased-6").wake();
    await dispatcher("erased-6").learn("subscription:s");
    expect(await runInDurableObject(dispatcherFor(env, "erased-6"), async (_, { storage }) => [[...storage.kv.list()], await storage.getAlarm()])).toEqual([
      [["retired", true]],
      null,
    ]);
    expect(await rowsOf("erased-6")).toEqual({});
  });
});

test("a dispatcher that has retired stays so where it is lost before it has forgotten", async () => {
  await lived("retired-1");
  const retired = async () => (await dispatcher("retired-1").retire()).toSorted((one, other) => (one.follower < other.follower ? -1 : 1));
  const followers = await retired();
  expect(followers.length).toBeGreaterThan(0);
  await evictDurableObject(dispatcher("retired-1"));
  await dispatcher("retired-1").advanced({ position: 1_000, epoch: "" });
  await dispatcher("retired-1").wake();
  expect(await runInDurableObject(dispatcher("retired-1"), (_, { storage }) => storage.getAlarm())).toBeNull();
  // Whoever goes on with the deletion hears of the same.
  expect(await retired()).toEqual(followers);
});
