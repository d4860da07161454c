import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventHash, GENESIS_HASH, type RecordedEvent, unpackHint } from "../../src/kernel/index.ts";
import { markForked } from "../../src/log/mark-forked.ts";
import { batched, commitEvents, isGuardError } from "../../src/log/commit-events.ts";
import { project } from "../../src/log/project.ts";
import { loggedStream } from "../../src/log/read-log.ts";
import { append, deliver, draft, env, fireAlarm, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

/** A chain of events as an object would have made it. */
function chain(tenant: string, stream: string, count: number, salt = "", after?: RecordedEvent): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (let i = 0; i < count; i++) {
    const previous = events.at(-1) ?? after;
    const { data, dataHash, ...rest } = draft("notes.Added", { i, salt });
    const version = (previous?.version ?? 0) + 1;
    const time = "2026-01-01T00:00:00.000Z";
    const envelope = {
      ...rest,
      id: `${stream}-${salt}-${version}`,
      stream,
      version,
      time,
      recorded: time,
      previousHash: previous?.hash ?? GENESIS_HASH,
      dataHash,
    };
    events.push({ ...envelope, data, hash: eventHash(tenant, envelope) });
  }
  return events;
}

async function commit(tenant: string, events: readonly RecordedEvent[]): Promise<unknown> {
  try {
    for (const rows of batched(events.map((event) => ({ tenant, event })))) await commitEvents(env.LOG_0, rows);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the log's guard", () => {
  test("takes a stream's events in order, and counts positions from 1", async () => {
    expect(await commit("guard-1", [...chain("guard-1", "a-1", 2), ...chain("guard-1", "b-1", 2)])).toBeUndefined();
    expect((await wholeLog("guard-1")).map(({ position, stream, version }) => [position, stream, version])).toEqual([
      [1, "a-1", 1],
      [2, "a-1", 2],
      [3, "b-1", 1],
      [4, "b-1", 2],
    ]);
  });

  test.each([
    ["a version that leaves a gap", (events: RecordedEvent[]) => [events[0], events[2]]],
    ["a version again", (events: RecordedEvent[]) => [events[0], events[0]]],
    ["another previous hash", (events: RecordedEvent[]) => [events[0], { ...(events[1] as RecordedEvent), previousHash: GENESIS_HASH }]],
    ["another version, though behind the right hash", (events: RecordedEvent[]) => [events[0], { ...(events[1] as RecordedEvent), version: 7 }]],
    ["another stream's next", (events: RecordedEvent[]) => [events[0], { ...(events[1] as RecordedEvent), stream: "c-2" }]],
    ["a stream that does not begin at 1", (events: RecordedEvent[]) => [events[1]]],
    ["a stream whose events do not stand together", (events: RecordedEvent[]) => [events[0], ...chain("guard-2", "b-2", 1), events[1]]],
  ])("refuses %s, and the whole batch with it", async (_, pick) => {
    const good = chain("guard-2", "z-9", 1);
    expect(isGuardError(await commit("guard-2", [...good, ...(pick(chain("guard-2", "a-2", 3)) as RecordedEvent[])]))).toBe(true);
    expect(await wholeLog("guard-2")).toEqual([]);
  });

  test("refuses a later batch that repeats what is there, or continues another history", async () => {
    const events = chain("guard-3", "a-3", 3);
    await commit("guard-3", events.slice(0, 2));
    expect(isGuardError(await commit("guard-3", events.slice(1, 3)))).toBe(true);
    const other = chain("guard-3", "a-3", 2, "other");
    expect(isGuardError(await commit("guard-3", chain("guard-3", "a-3", 1, "other", other[1])))).toBe(true);
    expect(await commit("guard-3", events.slice(2))).toBeUndefined();
    expect(await wholeLog("guard-3")).toHaveLength(3);
  });

  test("refuses a position that leaves a gap", async () => {
    await commit("guard-4", chain("guard-4", "a-4", 1));
    await env.LOG_0.prepare("UPDATE heads SET position = 5 WHERE tenant = 'guard-4'").run();
    expect(isGuardError(await commit("guard-4", chain("guard-4", "b-4", 1)))).toBe(true);
  });
});

test("three projectors that get the same messages at once write each event once", async () => {
  const tenant = "guard-5";
  for (let i = 0; i < 12; i++) await append(tenant, `note-${i % 4}`, [draft("notes.Added", { i })]);
  const messages = faults.captured?.splice(0) ?? [];
  // All three read what the log has before any of them writes.
  let waiting = 0;
  let release = (): void => {};
  const all = new Promise<void>((resolve) => (release = resolve));
  faults.beforeBatch = async (database) => {
    if (database !== "log" || waiting >= 3) return;
    if (++waiting === 3) release();
    await all;
  };
  await Promise.all([deliver(messages), deliver(messages.toReversed()), deliver(messages)]);
  const log = await wholeLog(tenant);
  expect(log.map(({ position }) => position)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  expect(new Set(log.map(({ stream, version }) => `${stream}@${version}`)).size).toBe(12);
});

describe("a stream that tells another history than the log", () => {
  /** An object that was restored: its log copy stays, it begins anew and goes another way. */
  async function fork(tenant: string, before: number, after: number): Promise<void> {
    await commit(tenant, chain(tenant, "note-1", before, "lost"));
    for (let i = 0; i < after; i++) await append(tenant, "note-1", [draft("notes.Added", { i })]);
  }

  test("is marked, shown, and writes nothing, while its neighbours go in", async () => {
    await fork("fork-1", 2, 3);
    await append("fork-1", "note-2", [draft("notes.Added", {})]);
    expect(await deliver(faults.captured?.splice(0) ?? [])).toEqual([]);
    expect((await wholeLog("fork-1")).map(({ stream, version }) => `${stream}@${version}`)).toEqual(["note-1@1", "note-1@2", "note-2@1"]);
    expect((await loggedStream(env.LOG_0, "fork-1", "note-1"))?.forked).toMatch(/^At version 2 the log has sha256:/);
    expect((await loggedStream(env.LOG_0, "fork-1", "note-2"))?.forked).toBeNull();
    expect(await stub("fork-1", "note-1").verify(1, 3)).toMatchObject({ valid: false, firstBadVersion: 1 });
  });

  test("takes no more even from a projector that does not look: the log refuses its next event", async () => {
    await commit("fork-4", chain("fork-4", "note-1", 2));
    await markForked(env.LOG_0, { tenant: "fork-4", stream: "note-1" }, "a test says so");
    expect(String(await commit("fork-4", chain("fork-4", "note-1", 3).slice(2)))).toContain("log_guard: the stream has forked");
    expect(await wholeLog("fork-4")).toHaveLength(2);
  });

  test("is noticed by its alarm where the log is ahead of the object", async () => {
    await fork("fork-2", 3, 1);
    faults.captured?.splice(0);
    await fireAlarm("fork-2", "note-1");
    expect((await loggedStream(env.LOG_0, "fork-2", "note-1"))?.forked).toBe("The log has version 3, the object ends at 1.");
    expect(await stub("fork-2", "note-1").verify(1, 1)).toMatchObject({ valid: false, firstBadVersion: 2 });
  });

  test("is noticed by its alarm where the log has the same version with another hash", async () => {
    await fork("fork-3", 1, 1);
    faults.captured?.splice(0);
    await fireAlarm("fork-3", "note-1");
    expect((await loggedStream(env.LOG_0, "fork-3", "note-1"))?.forked).toMatch(/^At version 1 the log has/);
  });
});

test("a batch that fails in its middle leaves nothing, and is tried again message by message", async () => {
  const tenant = "guard-6";
  await append(tenant, "note-1", [draft("notes.Added", { n: 1 })]);
  await append(tenant, "note-2", [draft("notes.Added", { n: 2 })]);
  const messages = faults.captured?.splice(0) ?? [];
  faults.midBatch = (database) => (database === "log" ? "INSERT INTO heads (tenant) VALUES (NULL)" : undefined);
  const again = await deliver(messages);
  expect(again).toHaveLength(2);
  expect(await wholeLog(tenant)).toEqual([]);
  faults.midBatch = undefined;
  expect(await deliver(again)).toEqual([]);
  expect(await wholeLog(tenant)).toHaveLength(2);
});

test("one stream that cannot be read does not hold up the others of its batch", async () => {
  const tenant = "guard-7";
  for (const stream of ["note-1", "note-2"]) await append(tenant, stream, [draft("notes.Added", {})]);
  const [message] = faults.captured?.splice(0) ?? [];
  const unreadable = JSON.stringify({ form: 1, shard: 0, tenant, stream: "note-2", head: { version: 1, hash: "" } });
  await runInDurableObject(stub(tenant, "note-2"), (_, state) => state.storage.sql.exec("ALTER TABLE events_v1 RENAME TO elsewhere"));
  expect(await deliver([unreadable, message as string, "{}", "not json"])).toEqual([unreadable, "{}", "not json"]);
  expect((await wholeLog(tenant)).map(({ stream }) => stream)).toEqual(["note-1"]);
});

test("an answer of D1 that lacks the new heads has nothing forgotten: only a tenant that is marked as deleted is", async () => {
  faults.captured = [];
  await append("guard-answer", "note-1", [draft("notes.Added", { n: 1 })]);
  const hints = (faults.captured?.splice(0) ?? []).map((message) => unpackHint(message) ?? expect.unreachable());
  const forgotten: string[] = [];
  const ports = {
    eventsAfter: () => Promise.reject(new Error("every event is in its message")),
    followed: () => Promise.resolve(),
    forget: async (tenant: string) => void forgotten.push(tenant),
  };
  const withoutAnswers = {
    prepare: (sql: string) => env.LOG_0.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => (await env.LOG_0.batch(statements)).map((result) => ({ ...result, results: [] })),
  } as unknown as D1Database;
  const { failed } = await project(withoutAnswers, hints, ports);
  expect([forgotten, [...failed]]).toEqual([[], ["guard-answer/note-1"]]);
  // It is in the log, and known there the next time.
  expect((await project(env.LOG_0, hints, ports)).failed.size).toBe(0);
  expect(await wholeLog("guard-answer")).toHaveLength(1);
  expect(forgotten).toEqual([]);
});
