import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import { circuitPort } from "../../durable-objects/circuit.ts";
import { alertsFor, denialsFor, eraserFor, followerFor, keyRegistryOf, metricsFor, objectFor, rateLimitFor } from "../../durable-objects/object-for.ts";
import { ALERTING_STREAM } from "../../src/alerts/alerting.ts";
import { FAILURES_TO_OPEN, sha256 } from "../../src/kernel/index.ts";
import { append, draft, env, send, wholeLog } from "./engine.ts";
import { listen, standing, subscribe } from "./followers.ts";
import { tenantBucket } from "../../src/identity/tenant.ts";
import { tellTenant, tenantNow } from "./tenants.ts";
import { searchScope } from "../../src/views/search-index.ts";

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Of the subscription `s`. */
const SINK = "https://sink.example/s";
/** Two of the 256, far from each other. */
const REGISTRIES = ["07", "f0"];
const LIMIT = { limit: 10, periodSeconds: 60 };
const TAIL = { version: 1, since: 1, told: 1, until: Number.MAX_SAFE_INTEGER };
/** It holds as soon as anything was delivered, and waits longer than any test. */
const RULE = {
  name: "delivers",
  metric: "rivulet_deliveries_total",
  condition: { function: "value", operator: ">", threshold: 0, overSeconds: 0, where: {} },
  forSeconds: 3_600,
  severity: "info",
  labels: {},
  summary: "",
};
/** What the log has of a tenant that has lived. */
export const LIVED = { streams: 7, events: 10 };

/** The job that deletes a tenant. */
export const eraser = (tenant: string) => eraserFor(env, tenant);

/** A tenant with a little of everything: streams, views, followers, dead letters, kept keys, counted denials, figures, an alert. */
export async function lived(tenant: string): Promise<void> {
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
  await metricsFor(env, 0).add({ shard: 0, from: tenant, sequence: 1, tenants: {}, tails: { [tenant]: { "note-0": TAIL } } });
  await until(async () => expect(Object.keys(await figuresOf(tenant))).toEqual(expect.arrayContaining(["rivulet_deliveries_total", "tails"])));
  await send(tenant, ALERTING_STREAM, "SetRule", RULE);
  await alertsFor(env, tenant).changed();
  await until(async () => expect(await alertsFor(env, tenant).pending()).not.toEqual([]));
  await until(async () => expect(await wholeLog(tenant)).toHaveLength(LIVED.events));
  const failures = Array.from({ length: FAILURES_TO_OPEN }, () => false);
  await circuitPort(env.CIRCUIT).record(tenant, SINK, failures, Date.now());
}

export async function deleted(tenant: string): Promise<void> {
  await tellTenant(tenant, "Suspend");
  await eraser(tenant).prepare();
  await tellTenant(tenant, "Delete");
}

/** The alarm as often as it takes. */
export async function runToTheEnd(tenant: string): Promise<void> {
  await until(async () => {
    await runDurableObjectAlarm(eraser(tenant)).catch(() => {});
    expect((await tenantNow(tenant)).deletion).toBe("deleted");
  });
}

/** Rows that D1 has of a tenant, by table, but for the mark that remains. */
export async function rowsOf(tenant: string): Promise<Record<string, number>> {
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

/** What the figures' object knows of a tenant: by metric, and `tails` where streams waited for the log. */
export async function figuresOf(tenant: string): Promise<Readonly<Record<string, unknown>>> {
  const figures = metricsFor(env, 0);
  const tails: object = await figures.tails(tenant, 0);
  return { ...(await figures.read(tenant)), ...(Object.keys(tails).length > 0 && { tails }) };
}

/**
 * Until no object holds anything. What was written beside the job (a minute of denials was over, say) is refused by the log, which has its
 * object forget it: that comes by the queue, and perhaps after the job's end.
 */
export async function heldByNobody(tenant: string): Promise<void> {
  await until(async () => expect(await holding(tenant)).toEqual([]));
}

/** Objects of a tenant that still hold something, or have an alarm. */
export async function holding(tenant: string): Promise<readonly string[]> {
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
