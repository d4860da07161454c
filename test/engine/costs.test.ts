import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import readme from "../../README.md?raw";
import { unpackHint } from "../../src/kernel/index.ts";
import { project } from "../../src/log/project.ts";
import { append, deliver, draft, env, fireAlarm, stub } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

// These figures are the bill (DESIGN.md, "Numbers to hold"): rows as Cloudflare counts them, alarms among them.

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const drafts = (count: number, more = {}) => Array.from({ length: count }, (_, n) => draft("notes.Added", { n, text: "x".repeat(270) }, more));
const takeMessages = (): readonly string[] => faults.captured?.splice(0) ?? [];
const costs = (stream: string) => stub("costs", stream).costs();

/** Rows that `work` writes in a warm object: one that was used, logged and let go. */
async function rowsOfWarm(stream: string, work: () => Promise<unknown>): Promise<number> {
  await append("costs", stream, [draft("notes.Added", {}, { id: "first" })], { idempotency: { key: "first", fingerprint: "f" } });
  await deliver(takeMessages());
  await fireAlarm("costs", stream);
  const before = (await costs(stream)).rowsWritten;
  await work();
  return (await costs(stream)).rowsWritten - before;
}

async function log(messages: readonly string[]): Promise<{ rowsWritten: number; statements: number }> {
  const hints = messages.map((message) => unpackHint(message) ?? expect.unreachable());
  return project(env.LOG_0, hints, {
    eventsAfter: () => Promise.reject(new Error("every event is in its message")),
    followed: () => Promise.resolve(),
    forget: () => Promise.resolve(),
  });
}

test("a stream's first append writes at most 4 rows, alarm included", async () => {
  await append("costs", "note-first", drafts(1));
  expect((await costs("note-first")).rowsWritten).toBeLessThanOrEqual(4);
  expect((await costs("note-first")).alarmsSet).toBe(1);
});

test("a lone event on a warm stream writes 2 rows: itself and the alarm", async () => {
  expect(await rowsOfWarm("note-lone", () => append("costs", "note-lone", drafts(1)))).toBe(2);
});

test("a lone event with an id from outside writes 3 rows", async () => {
  expect(await rowsOfWarm("note-id", () => append("costs", "note-id", drafts(1, { id: "x-1" })))).toBe(3);
});

test("a lone event with an Idempotency-Key writes 3 rows", async () => {
  expect(await rowsOfWarm("note-key", () => append("costs", "note-key", drafts(1), { idempotency: { key: "k", fingerprint: "f" } }))).toBe(3);
});

test("a repeat writes nothing", async () => {
  await append("costs", "note-repeat", drafts(1, { id: "x-1" }));
  expect(
    await rowsOfWarm("note-repeat", async () => {
      await append("costs", "note-repeat", drafts(1, { id: "x-1" }));
      await append("costs", "note-repeat", [draft("notes.Added", {}, { id: "first" })], { idempotency: { key: "first", fingerprint: "f" } });
    }),
  ).toBe(0);
});

test("an append of 100 events writes 1.01 rows an event", async () => {
  expect(await rowsOfWarm("note-hundred", () => append("costs", "note-hundred", drafts(100)))).toBe(101);
});

test("appends under load share one alarm: 64 at once write 65 rows", async () => {
  expect(await rowsOfWarm("note-load", () => Promise.all(Array.from({ length: 64 }, () => append("costs", "note-load", drafts(1)))))).toBe(65);
});

test("what the objects count is what SQLite bills", async () => {
  await append("costs", "note-counted", drafts(1));
  await deliver(takeMessages());
  const billed = await runInDurableObject(stub("costs", "note-counted"), (_, state) => {
    const insert = state.storage.sql.exec("INSERT INTO events_v1 (version, envelope, data) VALUES (99, '{}', '{}')");
    const written = insert.rowsWritten;
    state.storage.sql.exec("DELETE FROM events_v1 WHERE version = 99");
    return written;
  });
  expect(billed).toBe(1);
});

test("a lone event writes 4 rows in the log, which has room for 6", async () => {
  await append("costs", "log-lone", drafts(1));
  await log(takeMessages());
  await append("costs", "log-lone", drafts(1));
  expect((await log(takeMessages())).rowsWritten).toBe(4);
});

test("100 events of one stream write at most 2.1 rows an event in the log", async () => {
  await append("costs", "log-hundred", drafts(100));
  const { rowsWritten, statements } = await log(takeMessages());
  expect(rowsWritten / 100).toBeLessThanOrEqual(2.1);
  expect(statements).toBe(4);
});

test("100 lone events of 100 streams, projected together, write at most 3.2 rows an event in the log", async () => {
  for (let n = 0; n < 100; n++) await append("costs", `log-many-${n}`, drafts(1));
  expect((await log(takeMessages())).rowsWritten / 100).toBeLessThanOrEqual(3.2);
});

test("an append of 100 events of 300 bytes costs at most 3 queue operations", async () => {
  await append("costs", "queue-hundred", drafts(100));
  // Written, read and deleted: 3 operations for each message and each 64 KB of it.
  const own = takeMessages().filter((message) => unpackHint(message)?.stream === "queue-hundred");
  const operations = own.reduce((sum, message) => sum + 3 * Math.ceil(Buffer.byteLength(message) / 65_536), 0);
  expect(operations).toBe(3);
});

test("README's first screen has the figures that are asserted here", () => {
  for (const figure of [
    "**2 rows written** for a lone event",
    "**1.01 rows** per event of a 100-event append",
    "**3 queue operations** carry 100 events",
    "**at most 2.1 rows**",
  ]) {
    expect(readme).toContain(figure);
  }
});
