import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sql } from "../../src/kernel/index.ts";
import { followLog } from "../../src/log/read-log.ts";
import { advanceViews, readCursors } from "../../src/views/advance.ts";
import { moveCursor } from "../../src/views/cursors.ts";
import type { LogReader, ViewEngine } from "../../src/views/engine.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { append, deliver, dispatcher, draft, env, eventTypeCounts, fireDispatcher, wholeLog } from "../support/engine.ts";
import { faults, faultyShards, heal } from "../support/faults.ts";
import { clock, testView } from "../support/worker.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(() => {
  heal();
  testView.fold = () => [];
});

const add = async (tenant: string, stream = "note-1"): Promise<void> => {
  await append(tenant, stream, [draft("notes.Added", {})]);
  await deliver(faults.captured?.splice(0) ?? []);
};
const cursor = async (tenant: string, view: string) => (await readCursors(env.VIEWS_0, tenant)).find((row) => row.view === view);

test("a view counts each event once, with the cursor that all live views share", async () => {
  await add("views-1");
  await add("views-1");
  expect(await eventTypeCounts("views-1")).toEqual({ "notes.Added": 2 });
  expect(await readCursors(env.VIEWS_0, "views-1")).toMatchObject([{ view: "*", position: 2, state: "live" }]);
});

test("the view of event types counts streams as well as events", async () => {
  await add("views-2", "note-1");
  await add("views-2", "note-1");
  await add("views-2", "note-2");
  const row = await env.VIEWS_0.prepare("SELECT count, streams FROM event_types WHERE tenant = 'views-2'").first();
  expect(row).toEqual({ count: 3, streams: 2 });
});

test("the view of event types says since when and until when each was recorded, in whatever order they came into the log", async () => {
  const tenant = "views-seen";
  const messages: string[] = [];
  for (const stream of ["note-first", "note-second", "note-third", "note-last"]) {
    clock.aheadMs += 60_000;
    await append(tenant, stream, [draft("notes.Added", {})]);
    messages.push(...(faults.captured?.splice(0) ?? []));
  }
  clock.aheadMs = 0;
  const [first = "", second = "", third = "", last = ""] = messages;
  for (const batch of [[third], [last, first], [second]]) await deliver(batch);
  const times = (await wholeLog(tenant)).map(({ recorded }) => recorded);
  expect(times).not.toEqual(times.toSorted());
  const seen = await env.VIEWS_0.prepare("SELECT first_seen, last_seen FROM event_types WHERE tenant = ?").bind(tenant).first();
  expect(seen).toEqual({ first_seen: times.toSorted()[0], last_seen: times.toSorted().at(-1) });
});

test.each([
  ["throws", () => (testView.fold = () => expect.unreachable("a bug in the view"))],
  ["has SQL that does not parse", () => (testView.fold = () => [sql`INSERT INTO nowhere VALUES (1)`])],
  ["gives a value that D1 takes for none", () => (testView.fold = () => [sql`INSERT INTO sources (tenant) VALUES (${undefined as never})`])],
  ["breaks a constraint", () => (testView.fold = () => [sql`INSERT INTO sources (tenant) VALUES (NULL)`])],
])("a view that %s is left behind, faulted, and holds up neither the log nor the other views", async (name, breakIt) => {
  const tenant = `views-${name.replaceAll(" ", "-")}`;
  await add(tenant);
  breakIt();
  await add(tenant);
  await add(tenant);
  expect(await wholeLog(tenant)).toHaveLength(3);
  expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 3 });
  expect(await cursor(tenant, "*")).toMatchObject({ position: 3, state: "live" });
  expect(await cursor(tenant, "test_view")).toMatchObject({ position: 1, state: "faulted", version: 1 });
  expect((await cursor(tenant, "test_view"))?.error).toBeTruthy();
});

test("a failing D1 is no view's fault: nothing moves, and the next attempt folds everything once", async () => {
  const tenant = "views-3";
  await add(tenant);
  faults.beforeBatch = (database) => {
    if (database === "views") throw new Error("D1_ERROR: Network connection lost.");
  };
  await add(tenant);
  expect(await cursor(tenant, "*")).toMatchObject({ position: 1 });
  heal();
  faults.captured = [];
  await add(tenant);
  await fireDispatcher(tenant);
  expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 3 });
  expect(await readCursors(env.VIEWS_0, tenant)).toHaveLength(1);
});

test("a commit whose answer was lost is not folded again", async () => {
  const tenant = "views-4";
  faults.afterBatch = (database) => {
    if (database === "views") throw new Error("D1_ERROR: Network connection lost.");
  };
  await add(tenant);
  heal();
  faults.captured = [];
  await add(tenant);
  await fireDispatcher(tenant);
  expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 2 });
});

test("two that fold the same events at once count them once", async () => {
  const tenant = "views-5";
  await append(tenant, "note-1", [draft("notes.Added", {})]);
  faults.beforeBatch = (database) => {
    if (database === "views") throw new Error("D1_ERROR: overloaded");
  };
  await deliver(faults.captured?.splice(0) ?? []);
  let waiting = 0;
  let release = (): void => {};
  const both = new Promise<void>((resolve) => (release = resolve));
  faults.beforeBatch = async (database) => {
    if (database !== "views" || waiting >= 2) return;
    if (++waiting === 2) release();
    await both;
  };
  const { log, views } = faultyShards(env)(tenant);
  const reader: LogReader = { follow: (_, query) => followLog(log, tenant, query) };
  const engine: ViewEngine = { db: views, log: reader, views: [eventTypesView], now: Date.now };
  await Promise.all([advanceViews(engine, tenant), advanceViews(engine, tenant)]);
  expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 1 });
});

test("views that meet a log of another epoch, or one that ends behind them, stop instead of skipping", async () => {
  const tenant = "views-6";
  await add(tenant);
  await env.LOG_0.prepare("UPDATE heads SET epoch = 'restored' WHERE tenant = ?").bind(tenant).run();
  await add(tenant);
  expect(await cursor(tenant, "*")).toMatchObject({ position: 1 });
  await env.LOG_0.batch([env.LOG_0.prepare("UPDATE heads SET position = 0, epoch = (SELECT 'x') WHERE tenant = ?").bind(tenant)]);
  await env.VIEWS_0.prepare("UPDATE view_cursors SET epoch = 'x', position = 9 WHERE tenant = ?").bind(tenant).run();
  await deliver([JSON.stringify({ form: 1, shard: 0, tenant, stream: "note-1", head: { version: 2, hash: "" } })]);
  expect(await cursor(tenant, "*")).toMatchObject({ position: 9 });
});

/** Sets the log back, as a restored database would be: the same epoch, one stream. */
const restoreLog = (tenant: string, position: number) =>
  env.LOG_0.batch([
    env.LOG_0.prepare("DELETE FROM events WHERE tenant = ? AND position > ?").bind(tenant, position),
    env.LOG_0.prepare(
      "UPDATE streams SET version = ?2, position = ?2, hash = (SELECT hash FROM events WHERE tenant = ?1 AND position = ?2) WHERE tenant = ?1",
    ).bind(tenant, position),
    env.LOG_0.prepare("UPDATE heads SET position = ?2 WHERE tenant = ?1").bind(tenant, position),
  ]);

test("views stop at a log that was set back and has grown past them before anybody looked: another event stands at their position", async () => {
  const tenant = "views-8";
  for (let i = 0; i < 3; i++) await add(tenant);
  await restoreLog(tenant, 1);
  for (let i = 0; i < 4; i++) await append(tenant, `other-${i}`, [draft("other.Added", {})]);
  await evictDurableObject(dispatcher(tenant));
  await deliver(faults.captured?.splice(0) ?? []);
  expect(await wholeLog(tenant)).toHaveLength(5);
  expect(await cursor(tenant, "*")).toMatchObject({
    position: 3,
    state: "stopped",
    error: expect.stringMatching(/^At position 3 the views have counted another event/),
  });
  expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 3 });
});

test("a dispatcher that hears of another epoch looks anew, though that log is behind the one it knew: the views say that they have stopped", async () => {
  const tenant = "views-9";
  for (let i = 0; i < 3; i++) await add(tenant);
  for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
  await add(tenant, "other-1");
  expect(await cursor(tenant, "*")).toMatchObject({ position: 3, state: "stopped", error: expect.stringContaining("epoch") });
});

test("a step that began before the views stopped, and comes late, does not bring them to life again", async () => {
  const tenant = "views-10";
  for (let i = 0; i < 3; i++) await add(tenant);
  const before = (await cursor(tenant, "*")) ?? expect.unreachable();
  for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
  await add(tenant, "other-1");
  expect(await cursor(tenant, "*")).toMatchObject({ state: "stopped" });
  const late = moveCursor(env.VIEWS_0, tenant, before, { ...before, position: 4 });
  await expect(late.run()).rejects.toThrow("view_guard: the views have stopped");
  expect(await cursor(tenant, "*")).toMatchObject({ position: 3, state: "stopped" });
});

test("views that have stopped stay stopped when the log grows past them again", async () => {
  const tenant = "views-7";
  for (let i = 0; i < 3; i++) await add(tenant);
  await restoreLog(tenant, 1);
  await runInDurableObject(dispatcher(tenant), (_, state) => state.storage.setAlarm(Date.now() + 60_000));
  await evictDurableObject(dispatcher(tenant));
  await fireDispatcher(tenant);
  expect(await cursor(tenant, "*")).toMatchObject({ position: 3, state: "stopped" });
  for (let i = 0; i < 4; i++) await append(tenant, `other-${i}`, [draft("other.Added", {})]);
  await deliver(faults.captured?.splice(0) ?? []);
  expect(await wholeLog(tenant)).toHaveLength(5);
  expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 3 });
});

test("a dispatcher that is woken looks at once, though its alarm is seconds away: D1 had failed for a while", async () => {
  const tenant = "views-woken";
  const alarm = () => runInDurableObject(dispatcher(tenant), (_, { storage }) => storage.getAlarm());
  faults.beforeBatch = (database) => {
    if (database === "views") throw new Error("D1_ERROR: overloaded");
  };
  await add(tenant);
  for (let n = 0; n < 6; n++) await fireDispatcher(tenant);
  expect(await alarm()).toBeGreaterThan(Date.now() + 10_000);
  heal();
  faults.captured = [];
  await dispatcher(tenant).wake();
  // None any more, where it has gone off already.
  const due = await alarm();
  expect(due ?? 0).toBeLessThan(Date.now() + 1_000);
});
