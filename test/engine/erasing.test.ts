import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AggregateObject } from "../../durable-objects/aggregate.ts";
import { circuitPort } from "../../durable-objects/circuit.ts";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { FollowerObject } from "../../durable-objects/follower.ts";
import { KeyRegistryObject } from "../../durable-objects/key-registry.ts";
import {
  alertsFor,
  denialsFor,
  dispatcherFor,
  eraserFor,
  followerFor,
  keyRegistryOf,
  objectFor,
  rateLimitFor,
  tenantKeyFor,
} from "../../durable-objects/object-for.ts";
import { TenantKeyObject } from "../../durable-objects/tenant-key.ts";
import { FAILURES_TO_OPEN, sha256 } from "../../src/kernel/index.ts";
import { append, deliver, dispatcher, draft, env, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { listen, standing, subscribe } from "../support/followers.ts";
import { tenantBucket } from "../../src/identity/tenant.ts";
import { tellTenant, tenantNow } from "../support/tenants.ts";
import { sinks, testViews } from "../support/worker.ts";
import { logHead } from "../../src/log/log-heads.ts";
import { readGenerations } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { newSealer } from "../support/sealed.ts";
import { type SubscriptionState, subscriptionContext } from "../../src/followers/subscription.ts";
import { searchScope } from "../../src/views/search-index.ts";

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

beforeEach(() => {
  listen();
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
  sinks.handle = async () => {};
});

/** Of the subscription `s`. */
const SINK = "https://sink.example/s";
/** Two of the 256, far from each other. */
const REGISTRIES = ["07", "f0"];
const LIMIT = { limit: 10, periodSeconds: 60 };
const eraser = (tenant: string) => eraserFor(env, tenant);

/** A tenant with a little of everything: streams, views, followers, dead letters, kept keys, counted denials. */
async function lived(tenant: string): Promise<void> {
  await tellTenant(tenant, "Create", { name: tenant });
  await tellTenant(tenant, "Bound", { limits: { requests: LIMIT }, isReadOnly: false });
  await rateLimitFor(env, tenant, tenantBucket(LIMIT, "tenant").key).take(LIMIT);
  const sink = listen();
  sink.answer = ({ event }) => (event.stream === "note-0" ? 500 : 204);
  await subscribe(tenant, "s", { retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } });
  for (let n = 0; n < 3; n++)
    await append(tenant, `note-${n}`, [draft("notes.Written", { text: "lived" }), draft("handled.Thing", {})], {
      idempotency: { key: `k${n}`, fingerprint: "sha256:1" },
    });
  await append(tenant, "audit-log", [draft("rivulet.Act", {})]);
  await append(tenant, "rivulet_key-k", [draft("rivulet.KeyUsed", {})]);
  for (const bucket of REGISTRIES) await keyRegistryOf(env, tenant, bucket).keep("k", "sha256:1");
  await rateLimitFor(env, tenant, "k").take({ limit: 10, periodSeconds: 60 });
  await denialsFor(env, tenant).deny("key:x", "anything");
  await until(async () => expect(await wholeLog(tenant)).toHaveLength(9));
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ parked: 1, counts: { delivered: 2 } }));
  await until(async () => expect(await standing(tenant, "tested", "handler")).toMatchObject({ isIdle: true }));
  await alertsFor(env, tenant).changed();
  const failures = Array.from({ length: FAILURES_TO_OPEN }, () => false);
  await circuitPort(env.CIRCUIT).record(tenant, SINK, failures, Date.now());
}

async function deleted(tenant: string): Promise<void> {
  await tellTenant(tenant, "Suspend");
  await eraser(tenant).prepare();
  await tellTenant(tenant, "Delete");
}

/** The alarm as often as it takes. */
async function runToTheEnd(tenant: string): Promise<void> {
  await until(async () => {
    await runDurableObjectAlarm(eraser(tenant)).catch(() => {});
    expect((await tenantNow(tenant)).deletion).toBe("deleted");
  });
}

/** Rows that D1 has of a tenant, by table, but for the mark that remains. */
async function rowsOf(tenant: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const note = async (name: string, db: D1Database, where: string, value = tenant): Promise<void> => {
    const count = await db.prepare(`SELECT count(*) AS n FROM ${name} WHERE ${where}`).bind(value).first<number>("n");
    if (count !== 0) found[name] = count ?? -1;
  };
  for (const db of [env.LOG_0, env.VIEWS_0, env.TELEMETRY as D1Database]) {
    const { results } = await db
      .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE %' AND name NOT IN ('heads', 'trace_rates')")
      .all<{ name: string; sql: string }>();
    for (const { name, sql } of results) {
      const [, owner] = /\b(tenant|scope) TEXT/.exec(sql) ?? [];
      if (owner !== undefined) await note(name, db, `${owner} = ?1 OR ${owner} GLOB ?1 || '#*'`);
    }
  }
  await note("view_search", env.VIEWS_0, "scope = ?1", searchScope(tenant, "notes"));
  return found;
}

/** Objects of a tenant that still hold something, or have an alarm. */
async function holding(tenant: string): Promise<readonly string[]> {
  const objects: readonly (readonly [string, DurableObjectStub])[] = [
    ...["note-0", "note-1", "note-2", "audit-log", "rivulet_subscription-s", "rivulet_handler-tested"].map(
      (name) => [name, objectFor(env, tenant, name)] as const,
    ),
    ["follower", followerFor(env, { tenant, kind: "subscription", id: "s", partition: 0 })],
    ["handler", followerFor(env, { tenant, kind: "handler", id: "tested", partition: 0 })],
    ...REGISTRIES.map((bucket) => [`registry ${bucket}`, keyRegistryOf(env, tenant, bucket)] as const),
    ["denials", denialsFor(env, tenant)],
    ["limit", rateLimitFor(env, tenant, tenantBucket(LIMIT, "tenant").key)],
    ["alerts", alertsFor(env, tenant)],
    ["limit of a key", rateLimitFor(env, tenant, "k")],
    ["circuit", env.CIRCUIT.get(env.CIRCUIT.idFromName(`${tenant}/${sha256(SINK).slice("sha256:".length)}`))],
    ["eraser", eraser(tenant)],
  ];
  const found: string[] = [];
  for (const [name, object] of objects) {
    const isHolding = await runInDurableObject(object, async (_, { storage }) => {
      const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('events_v1', 'seen', 'settings')").toArray();
      const kept =
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'kept_v1'").toArray().length > 0 &&
        storage.sql.exec("SELECT 1 FROM kept_v1").toArray().length > 0;
      return tables.length > 0 || kept || [...storage.kv.list()].length > 0 || (await storage.getAlarm()) !== null;
    });
    if (isHolding) found.push(name);
  }
  return found;
}

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
      expect.arrayContaining(["note-0", "follower", "handler", "registry 07", "registry f0", "denials", "limit", "limit of a key", "circuit"]),
    );
    await deleted("erased-1");
    await eraser("erased-1").begin();
    await runToTheEnd("erased-1");
    expect(await rowsOf("erased-1")).toEqual({});
    expect(await holding("erased-1")).toEqual([]);
    expect(await tenantNow("erased-1")).toMatchObject({ erased: { streams: 6, events: 9 } });
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
    expect(await holding("erased-2")).toEqual([]);
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
    expect(await holding("erased-3")).toEqual([]);
  });

  test("is not deleted by a job that was prepared, where it was not said", async () => {
    await lived("erased-4");
    await eraser("erased-4").prepare();
    expect(await runDurableObjectAlarm(eraser("erased-4"))).toBe(true);
    expect(await eraser("erased-4").progress()).toBeUndefined();
    expect(await wholeLog("erased-4")).toHaveLength(9);
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

describe("the job that deletes a tenant", () => {
  /** Calls of D1 until the job is lost: before the mark, and up to the last tables. */
  const losses = [1, 2, 3, 4, 8, 19];

  test.each(losses)("goes on where it was lost, at its D1 call number %i", async (nth) => {
    const tenant = `lost-${nth}`;
    await lived(tenant);
    await deleted(tenant);
    let calls = 0;
    let kept: string | undefined;
    const lose = async (): Promise<void> => {
      if (++calls !== nth) return;
      const abort = (_: unknown, state: DurableObjectState): void => {
        kept = state.storage.kv.get<{ readonly step: string }>("job")?.step;
        state.abort("lost");
      };
      await runInDurableObject(eraser(tenant), abort).catch(() => {});
    };
    faults.beforeQuery = (_, sql) => (/^(DELETE|INSERT INTO heads|SELECT stream FROM streams)/.test(sql.trim()) ? lose() : undefined);
    faults.afterBatch = lose;
    await runToTheEnd(tenant);
    expect(calls).toBeGreaterThan(nth);
    // A tenant of any size gets to its end only if what was done is not done again.
    if (nth >= 8) expect(kept).not.toBe("mark");
    expect(await rowsOf(tenant)).toEqual({});
    expect(await holding(tenant)).toEqual([]);
    expect((await tenantNow(tenant)).erased).toMatchObject({ streams: expect.any(Number) });
  });

  test.each([
    ["the dispatcher", DispatcherObject],
    ["a follower", FollowerObject],
    ["a stream", AggregateObject],
    ["a registry", KeyRegistryObject],
    ["the key", TenantKeyObject],
  ] as const)("goes on where %s does not answer at first", async (who, kind) => {
    const tenant = `mute-${who.replaceAll(" ", "-")}`;
    await lived(tenant);
    await deleted(tenant);
    const name = kind === TenantKeyObject ? "destroy" : "forget";
    const spy = vi.spyOn(kind.prototype as unknown as Record<string, () => Promise<void>>, name).mockRejectedValueOnce(new Error("not now"));
    await runToTheEnd(tenant);
    expect(spy.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(await rowsOf(tenant)).toEqual({});
    expect(await holding(tenant)).toEqual([]);
  });
});
