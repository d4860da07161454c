import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import { append, deliver, draft, env, fireAlarm, stub, wholeLog, wholeStream } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const drafts = (count: number) => Array.from({ length: count }, (_, n) => draft("notes.Added", { n, name: "Ada" }));
const close = (tenant: string, purge: boolean) =>
  stub(tenant, "note-1").close({ purge, precondition: { kind: "none" }, source: "/v1", metadata: draft("x", 1).metadata });
const retain = (tenant: string, retention: object) => stub(tenant, "note-1").retain(retention, { kind: "none" });
const deliverAll = async (): Promise<void> => {
  await deliver(faults.captured?.splice(0) ?? []);
};
const rows = (tenant: string) =>
  runInDurableObject(stub(tenant, "note-1"), (_, state) => state.storage.sql.exec("SELECT version, data FROM events_v1 ORDER BY version").toArray());

test("a closed stream takes no more, also after an eviction, and is still read and repeated", async () => {
  await append("close-1", "note-1", [draft("notes.Added", { n: 1 }, { id: "x" })]);
  expect(await close("close-1", false)).toMatchObject({ ok: true, version: 2 });
  await evictDurableObject(stub("close-1", "note-1"));
  expect(await append("close-1", "note-1", drafts(1))).toMatchObject({ ok: false, code: "stream_closed" });
  expect(await append("close-1", "note-1", [draft("notes.Added", { n: 1 }, { id: "x" })])).toMatchObject({ ok: true, created: false });
  expect(await close("close-1", false)).toMatchObject({ ok: true, version: 2 });
  expect((await wholeStream("close-1", "note-1")).map(({ type }) => type)).toEqual(["notes.Added", "rivulet.StreamClosed"]);
});

test("a purge empties the data in the object and in the log, and the chain still verifies", async () => {
  await append("purge-1", "note-1", drafts(3));
  await deliverAll();
  await close("purge-1", true);
  expect((await wholeStream("purge-1", "note-1")).map((event) => "data" in event)).toEqual([false, false, false, true]);
  await deliverAll();
  expect(await fireAlarm("purge-1", "note-1")).toBe(true);
  expect((await rows("purge-1")).map(({ data }) => data)).toEqual(["", "", "", "{}"]);
  expect((await wholeLog("purge-1")).map(({ data }) => data)).toEqual(["", "", "", "{}"]);
  expect(await stub("purge-1", "note-1").verify(1, 4)).toMatchObject({ valid: true, to: 4 });
  expect(await fireAlarm("purge-1", "note-1")).toBe(false);
});

test("a purge waits for events that are still on their way to the log, so that none brings its data back", async () => {
  await append("purge-2", "note-1", drafts(2));
  const late = faults.captured?.splice(0) ?? [];
  await close("purge-2", true);
  faults.captured?.splice(0);
  await fireAlarm("purge-2", "note-1");
  const again = faults.captured?.splice(0) ?? [];
  await deliver(late); // with the data in it
  await deliver(again);
  await fireAlarm("purge-2", "note-1");
  expect((await wholeLog("purge-2")).map(({ data }) => data)).toEqual(["", "", "{}"]);
});

test("a purge of 2,500 events goes in steps, and one that fails half-way is finished by the next alarm", async () => {
  for (let i = 0; i < 5; i++) await append("purge-3", "note-1", drafts(500));
  await close("purge-3", true);
  await deliverAll();
  let updates = 0;
  faults.beforeQuery = (_, sql) => {
    if (sql.startsWith("UPDATE events") && ++updates === 2) throw new Error("D1_ERROR: overloaded");
  };
  await fireAlarm("purge-3", "note-1");
  expect((await rows("purge-3")).filter(({ data }) => data === "")).toHaveLength(1000);
  await fireAlarm("purge-3", "note-1");
  expect((await rows("purge-3")).filter(({ data }) => data === "")).toHaveLength(2500);
  const left = await env.LOG_0.prepare("SELECT count(*) AS n FROM events WHERE tenant = 'purge-3' AND data <> ''").first("n");
  expect(left).toBe(1);
});

test("data emptied by somebody else than a purge is no valid history", async () => {
  await append("purge-4", "note-1", drafts(2));
  await runInDurableObject(stub("purge-4", "note-1"), (_, state) => state.storage.sql.exec("UPDATE events_v1 SET data = '' WHERE version = 1").toArray());
  expect(await stub("purge-4", "note-1").verify(1, 2)).toMatchObject({ valid: false, firstBadVersion: 1 });
});

test("retention by count hides at once, and deletes only what the log has", async () => {
  await append("retain-1", "note-1", drafts(10));
  await retain("retain-1", { maxCount: 3 });
  const page = await stub("retain-1", "note-1").read({ limit: 100, direction: "forward", maxBytes: 1e6 });
  expect(page).toMatchObject({ firstVersion: 8, count: 3 });
  expect(await stub("retain-1", "note-1").read({ from: 7, limit: 1, direction: "forward", maxBytes: 1e6 })).toMatchObject({ isGone: true, firstVersion: 8 });
  faults.captured?.splice(0);
  await fireAlarm("retain-1", "note-1");
  expect(await rows("retain-1")).toHaveLength(10);
  await deliverAll();
  await fireAlarm("retain-1", "note-1");
  expect((await rows("retain-1")).map(({ version }) => version)).toEqual([8, 9, 10]);
  expect(await wholeLog("retain-1")).toHaveLength(10);
  expect(await stub("retain-1", "note-1").verify(8, 10)).toMatchObject({ valid: true, from: 8, to: 10 });
  expect(await append("retain-1", "note-1", drafts(1))).toMatchObject({ events: [{ version: 11 }] });
});

test("retention that lets everything go keeps the last event's row, so that versions and chain go on", async () => {
  await append("retain-2", "note-1", drafts(3));
  await deliverAll();
  await retain("retain-2", { before: 99 });
  await fireAlarm("retain-2", "note-1");
  expect((await rows("retain-2")).map(({ version }) => version)).toEqual([3]);
  await evictDurableObject(stub("retain-2", "note-1"));
  expect(await stub("retain-2", "note-1").read({ limit: 10, direction: "forward", maxBytes: 1e6 })).toMatchObject({ count: 0, firstVersion: 4, version: 3 });
  expect(await append("retain-2", "note-1", drafts(1))).toMatchObject({ events: [{ version: 4 }] });
});

test("retention by age hides what is too old and comes back for the rest", async () => {
  await append("retain-3", "note-1", drafts(2));
  await deliverAll();
  await retain("retain-3", { maxAge: { milliseconds: 86_400_000, text: "P1D" } });
  await fireAlarm("retain-3", "note-1");
  expect(await rows("retain-3")).toHaveLength(2);
  const alarm = await runInDurableObject(stub("retain-3", "note-1"), (_, state) => state.storage.getAlarm());
  expect(alarm).toBeGreaterThan(Date.now() + 86_000_000);
  await retain("retain-3", { maxAge: { milliseconds: 1, text: "PT0.001S" } });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await stub("retain-3", "note-1").read({ limit: 10, direction: "forward", maxBytes: 1e6 })).toMatchObject({ count: 0, firstVersion: 3 });
});

test("a stream with a decider keeps everything", async () => {
  expect(await stub("retain-4", "rivulet_source-x").retain({ maxCount: 1 }, { kind: "none" })).toMatchObject({ ok: false, code: "retention_refused" });
});

test("an answer to a key or a repeat is given again when its events are truncated", async () => {
  const request = [draft("notes.Added", { n: 1 }, { id: "x" })];
  const idempotency = { key: "k", fingerprint: "f" };
  const first = await append("retain-5", "note-1", request, { idempotency });
  await append("retain-5", "note-1", drafts(5));
  await deliverAll();
  await retain("retain-5", { maxCount: 1 });
  await fireAlarm("retain-5", "note-1");
  expect(await rows("retain-5")).toHaveLength(1);
  expect(await append("retain-5", "note-1", request, { idempotency })).toEqual({ ...first, replayed: true });
  expect(await append("retain-5", "note-1", request)).toEqual({ ...first, created: false });
});

test("large data is deflated where that pays, and comes back to the character", async () => {
  const text = "é😀 words and words ".repeat(2000);
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(12_000))).toString("base64");
  await append("deflate-1", "note-1", [
    draft("notes.Added", { text }),
    draft("notes.Added", { noise: noise.slice(0, 9000) }),
    draft("notes.Added", { text: "small" }),
  ]);
  const kinds = (await rows("deflate-1")).map(({ data }) => (data instanceof ArrayBuffer ? "blob" : typeof data));
  expect(kinds[0]).toBe("blob");
  expect(kinds[2]).toBe("string");
  expect((await wholeStream("deflate-1", "note-1")).map(({ data }) => data)).toEqual([{ text }, { noise: noise.slice(0, 9000) }, { text: "small" }]);
  expect(await stub("deflate-1", "note-1").verify(1, 3)).toMatchObject({ valid: true });
});
