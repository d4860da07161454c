import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { type Hint, unpackHint } from "../../src/kernel/index.ts";
import { project } from "../../src/log/project.ts";
import type { ProjectorPorts } from "../../src/log/projector.ts";
import { markDeleted } from "../../src/log/erase-tenant.ts";
import { loggedStream } from "../../src/log/read-log.ts";
import { append, deliver, draft, env, stub, wholeLog } from "../support/engine.ts";
import { faults, faultyShards, heal, trips } from "../support/faults.ts";
import { byHand } from "../support/by-hand.ts";

byHand();

const taken = (): readonly string[] => faults.captured?.splice(0) ?? [];
const hintOf = (message: string | undefined): Hint => unpackHint(message ?? "") ?? expect.unreachable();
const add = (tenant: string, stream: string, count = 1) =>
  append(
    tenant,
    stream,
    Array.from({ length: count }, (_, n) => draft("notes.Added", { n })),
  );
const versions = async (tenant: string) => (await wholeLog(tenant)).map(({ stream, version }) => `${stream}@${version}`);
const ports: ProjectorPorts = {
  eventsAfter: (tenant, stream, after, most) => stub(tenant, stream).eventsAfter(after, most),
  followed: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};

test("what a hint speaks of and does not bring is fetched at once, be it the first, one in the middle or the last", async () => {
  for (const [missing, stream] of ["note-1", "note-2", "note-3"].entries()) {
    await add("holes", stream, 3);
    const hint = hintOf(taken()[0]);
    const { log } = faultyShards(env)("holes");
    // It is looked where the log is, and written; only where the first is missing it may be that the log has it.
    const made = await trips(() => project(log, [{ ...hint, events: hint.events.filter((_, at) => at !== missing) }], ports));
    expect([made.log, (await loggedStream(env.LOG_0, "holes", stream))?.version]).toEqual([missing === 0 ? 3 : 2, 3]);
    heal();
    faults.captured = [];
  }
});

test("what hints bring whole goes before what is to be fetched, whoever came first", async () => {
  const tenant = "whole";
  for (const stream of ["note-1", "note-2", "note-3"]) await add(tenant, stream);
  const [first, ...others] = taken().map(hintOf);
  await project(env.LOG_0, [{ ...(first as Hint), events: [] }, ...others], ports);
  expect(await versions(tenant)).toEqual(["note-2@1", "note-3@1", "note-1@1"]);
});

test("who is overtaken between looking and writing finds what is there by now, and wants no message again", async () => {
  const tenant = "overtaken";
  await add(tenant, "note-1");
  const first = taken();
  await deliver(first);
  await add(tenant, "note-1");
  await add(tenant, "note-2");
  const others = taken();
  // What is there already makes it look; what it writes then another has written first.
  let batches = 0;
  faults.beforeBatch = async (database) => {
    if (database !== "log" || ++batches !== 2) return;
    await project(env.LOG_0, others.map(hintOf), ports);
  };
  expect(await deliver([...first, ...others])).toEqual([]);
  expect(batches).toBeGreaterThanOrEqual(2);
  expect(await versions(tenant)).toEqual(["note-1@1", "note-1@2", "note-2@1"]);
});

test("a stream that ends before what the log has of it is marked by who was told of more than it has", async () => {
  const tenant = "shorter";
  await add(tenant, "note-1", 3);
  const [message] = taken();
  await deliver([message as string]);
  // The object as it was before: its last event is gone, and it does not know of it.
  await runInDurableObject(stub(tenant, "note-1"), (_, state) => state.storage.sql.exec("DELETE FROM events_v1 WHERE version = 3"));
  await evictDurableObject(stub(tenant, "note-1"));
  await project(env.LOG_0, [{ ...hintOf(message), head: { version: 4, hash: "" }, events: [] }], ports);
  expect((await loggedStream(env.LOG_0, tenant, "note-1"))?.forked).toBe("The log has version 3, the object ends at 2.");
});

test("a repeat tells the dispatcher where the log is, once for each tenant: who wrote may not have come to that", async () => {
  for (const tenant of ["repeats-1", "repeats-2"]) for (const stream of ["note-1", "note-2"]) await add(tenant, stream);
  const messages = taken();
  await project(env.LOG_0, messages.map(hintOf), ports);
  const advanced = vi.spyOn(DispatcherObject.prototype, "advanced");
  expect(await deliver(messages)).toEqual([]);
  expect(advanced.mock.calls.map(([head]) => head.position)).toEqual([2, 2]);
});

test("of a stream that could not be brought up every message comes again, and of the others none", async () => {
  const tenant = "again";
  for (const stream of ["note-1", "note-2", "note-1"]) await add(tenant, stream);
  const [first = "", beside = "", last = ""] = taken();
  const unread = (message: string): string => JSON.stringify({ form: 1, shard: 0, tenant, stream: "note-1", head: hintOf(message).head });
  await runInDurableObject(stub(tenant, "note-1"), (_, state) => state.storage.sql.exec("ALTER TABLE events_v1 RENAME TO elsewhere"));
  const messages = [unread(first), beside, unread(last)];
  expect(await deliver(messages)).toEqual([messages[0], messages[2]]);
  expect(await versions(tenant)).toEqual(["note-2@1"]);
});

test("where the log cannot be asked at all, every message comes again", async () => {
  const tenant = "unasked";
  for (const stream of ["note-1", "note-2"]) await add(tenant, stream);
  const messages = taken().map((message) => JSON.stringify({ form: 1, shard: 0, tenant, stream: hintOf(message).stream, head: hintOf(message).head }));
  faults.beforeQuery = (database) => {
    if (database === "log") throw new Error("D1_ERROR: overloaded");
  };
  expect(await deliver(messages)).toEqual(messages);
});

test("of a deleted tenant's streams one that cannot be forgotten now comes again, and keeps none of the others", async () => {
  const tenant = "forgotten";
  for (const stream of ["note-1", "note-2", "note-3"]) await add(tenant, stream);
  await add("forgotten-beside", "note-1");
  const hints = taken().map(hintOf);
  await markDeleted(env.LOG_0, tenant, "2026-01-01T00:00:00.000Z");
  const forgotten: string[] = [];
  const told: string[] = [];
  const { failed } = await project(env.LOG_0, hints, {
    ...ports,
    followed: async (name) => void told.push(name),
    forget: async (_, stream) => {
      if (stream === "note-1") throw new Error("not now");
      forgotten.push(stream);
    },
  });
  expect([[...failed], forgotten]).toEqual([[`${tenant}/note-1`], ["note-2", "note-3"]]);
  expect(told).toContain("forgotten-beside");
});

test("what a row is refused for by itself is no fork: its stream is tried again, and goes in once it can", async () => {
  const tenant = "refused";
  await add(tenant, "note-1");
  const hints = taken().map(hintOf);
  const { log } = faultyShards(env)(tenant);
  faults.midBatch = (database) => (database === "log" ? "INSERT INTO heads (tenant) VALUES (NULL)" : undefined);
  expect([...(await project(log, hints, ports)).failed]).toEqual([`${tenant}/note-1`]);
  faults.midBatch = undefined;
  expect((await project(log, hints, ports)).failed.size).toBe(0);
  expect((await loggedStream(env.LOG_0, tenant, "note-1"))?.forked).toBeNull();
});
