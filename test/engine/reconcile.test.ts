import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Reconciled } from "../../durable-objects/aggregate/contract.ts";
import { objectById } from "../../durable-objects/object-for.ts";
import { loggedStream } from "../../src/log/read-log.ts";
import { append, deliver, draft, env, fireAlarm, stub, wholeLog, wholeStream } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const idOf = (tenant: string, stream: string): string => stub(tenant, stream).id.toString();
const byId = (id: string) => objectById(env, id) as NonNullable<ReturnType<typeof objectById>>;
const reconcile = async (tenant: string, stream: string, repair = false): Promise<Reconciled> =>
  (await byId(idOf(tenant, stream)).reconcile(repair)) as Reconciled;
const sent = (): readonly string[] => faults.captured?.splice(0) ?? [];

async function logged(tenant: string, stream: string, count: number): Promise<void> {
  await append(
    tenant,
    stream,
    Array.from({ length: count }, () => draft("notes.Added", {})),
  );
  await deliver(sent());
}

async function forget(tenant: string): Promise<void> {
  for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
}

test("an object that is woken by its id knows whose it is from what it has written down, and appends on", async () => {
  await logged("reconcile-1", "note-1", 2);
  await evictDurableObject(stub("reconcile-1", "note-1"));
  expect(await reconcile("reconcile-1", "note-1")).toEqual({ state: "complete", tenant: "reconcile-1", stream: "note-1", version: 2, loggedVersion: 2 });
  await logged("reconcile-1", "note-1", 1);
  expect((await wholeLog("reconcile-1")).map(({ version }) => version)).toEqual([1, 2, 3]);
});

test("an object without a stream that is woken by its id is empty, and takes its first event by name afterwards", async () => {
  expect(await reconcile("reconcile-2", "note-1", true)).toEqual({ state: "empty" });
  await scheduler.wait(50);
  expect(await append("reconcile-2", "note-1", [draft("notes.Added", {})])).toMatchObject({ ok: true, events: [{ version: 1 }] });
  expect(await wholeStream("reconcile-2", "note-1")).toMatchObject([{ version: 1 }]);
  await deliver(sent());
  expect(await wholeLog("reconcile-2")).toMatchObject([{ stream: "note-1", version: 1 }]);
});

test("what the log has forgotten is only told without repair, and sent again with it, the alarm behind it", async () => {
  const tenant = "reconcile-3";
  await logged(tenant, "note-1", 3);
  await fireAlarm(tenant, "note-1");
  await forget(tenant);
  expect(await reconcile(tenant, "note-1")).toMatchObject({ state: "behind", version: 3, loggedVersion: 0 });
  expect([sent(), await fireAlarm(tenant, "note-1")]).toEqual([[], false]);
  expect(await reconcile(tenant, "note-1", true)).toMatchObject({ state: "behind" });
  expect(sent()).toHaveLength(1);
  // That message is lost; the alarm sends another.
  expect(await fireAlarm(tenant, "note-1")).toBe(true);
  await deliver(sent());
  expect(await wholeLog(tenant)).toHaveLength(3);
  expect(await reconcile(tenant, "note-1")).toMatchObject({ state: "complete", loggedVersion: 3 });
});

test("a stream that no longer keeps what the log has forgotten is lost, and is not sent in vain", async () => {
  const tenant = "reconcile-4";
  await logged(tenant, "note-1", 5);
  await stub(tenant, "note-1").retain({ maxCount: 2 }, { kind: "none" });
  await stub(tenant, "note-1").settle();
  sent();
  await forget(tenant);
  expect(await reconcile(tenant, "note-1", true)).toMatchObject({
    state: "lost",
    version: 5,
    loggedVersion: 0,
    reason: expect.stringContaining("begins at 4"),
  });
  expect(sent()).toEqual([]);
  // It is marked, so that nobody tries for ever, and its alarm lets go.
  expect((await loggedStream(env.LOG_0, tenant, "note-1"))?.forked).toContain("begins at 4");
  await append(tenant, "note-1", [draft("notes.Added", {})]);
  expect(await deliver(sent())).toEqual([]);
  expect(await fireAlarm(tenant, "note-1")).toBe(true);
  expect(await fireAlarm(tenant, "note-1")).toBe(false);
});

test("a stream that has forked is purged all the same, here and in what the log has of it", async () => {
  const tenant = "reconcile-6";
  await logged(tenant, "note-1", 2);
  await env.LOG_0.prepare("UPDATE streams SET hash = 'sha256:other' WHERE tenant = ?").bind(tenant).run();
  await stub(tenant, "note-1").close({ purge: true, precondition: { kind: "none" }, source: "/v1", metadata: draft("x", 1).metadata });
  await fireAlarm(tenant, "note-1");
  expect((await wholeLog(tenant)).map(({ data }) => data)).toEqual(["", ""]);
  expect((await wholeStream(tenant, "note-1")).slice(0, 2)).toMatchObject([{ purged: true }, { purged: true }]);
});

test("a stream of which the log tells another history is forked", async () => {
  const tenant = "reconcile-5";
  await logged(tenant, "note-1", 2);
  await env.LOG_0.prepare("UPDATE streams SET hash = 'sha256:other' WHERE tenant = ?").bind(tenant).run();
  expect(await reconcile(tenant, "note-1", true)).toMatchObject({ state: "forked", reason: expect.stringContaining("sha256:other") });
  expect((await loggedStream(env.LOG_0, tenant, "note-1"))?.forked).toContain("sha256:other");
});

test.each([
  ["before the purge", 2],
  ["after it, the data still there", 3],
])("a log that was set back to a copy from %s holds no purged data once it is reconciled", async (_, version) => {
  const tenant = `reconcile-purged-${version}`;
  await logged(tenant, "note-1", 2);
  const copy = await env.LOG_0.prepare("SELECT position, data FROM events WHERE tenant = ?").bind(tenant).all<{ position: number; data: string }>();
  await stub(tenant, "note-1").close({ purge: true, precondition: { kind: "none" }, source: "/v1", metadata: draft("x", 1).metadata });
  await deliver(sent());
  await stub(tenant, "note-1").settle();
  expect((await wholeLog(tenant)).slice(0, 2).map(({ data }) => data)).toEqual(["", ""]);
  for (const { position, data } of copy.results) {
    await env.LOG_0.prepare("UPDATE events SET data = ?3 WHERE tenant = ?1 AND position = ?2").bind(tenant, position, data).run();
  }
  await env.LOG_0.batch([
    env.LOG_0.prepare("DELETE FROM events WHERE tenant = ? AND position > ?").bind(tenant, version),
    env.LOG_0.prepare("UPDATE heads SET position = ?2 WHERE tenant = ?1").bind(tenant, version),
    env.LOG_0.prepare(
      "UPDATE streams SET version = ?2, position = ?2, hash = (SELECT hash FROM events WHERE tenant = ?1 AND position = ?2) WHERE tenant = ?1",
    ).bind(tenant, version),
  ]);
  await reconcile(tenant, "note-1", true);
  await deliver(sent());
  await fireAlarm(tenant, "note-1");
  await fireAlarm(tenant, "note-1");
  const log = await wholeLog(tenant);
  expect(log).toHaveLength(3);
  expect(log.slice(0, 2).map(({ data }) => data)).toEqual(["", ""]);
  expect(await stub(tenant, "note-1").verify(1, 3)).toMatchObject({ valid: true });
});
