import { afterEach, beforeEach, expect, test } from "vitest";
import { type Hint, type RecordedEvent, unpackHint } from "../../src/kernel/index.ts";
import { project } from "../../src/log/project.ts";
import type { ProjectorPorts } from "../../src/log/projector.ts";
import { append, deliver, draft, env, eventTypeCounts, fireAlarm, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

const MEBIBYTE = 1024 * 1024;

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const ports: ProjectorPorts = {
  eventsAfter: async (tenant, stream, after, maxCharacters) => stub(tenant, stream).eventsAfter(after, maxCharacters),
  followed: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};
const takeHints = (): readonly Hint[] => (faults.captured?.splice(0) ?? []).map((message) => unpackHint(message) ?? expect.unreachable());

test("an event too large for a queue message goes by name and head, and reaches log and views", async () => {
  await append("limits-1", "note-1", [draft("notes.Added", { text: "x".repeat(300_000) }), draft("notes.Added", { n: 2 })]);
  const messages = faults.captured?.splice(0) ?? [];
  expect(messages.map(unpackHint)).toMatchObject([{ head: { version: 2 }, events: [] }]);
  await deliver(messages);
  expect((await wholeLog("limits-1")).map(({ data }) => data.length)).toEqual([300_011, 7]);
  expect(await eventTypeCounts("limits-1")).toEqual({ "notes.Added": 2 });
});

test("no message is larger than the queue takes, however many events there are", async () => {
  await append(
    "limits-2",
    "note-1",
    Array.from({ length: 300 }, (_, n) => draft("notes.Added", { n, text: "é".repeat(200) })),
  );
  const messages = faults.captured?.splice(0) ?? [];
  expect(messages.length).toBeGreaterThan(1);
  for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(64_000);
  await deliver(messages);
  expect(await wholeLog("limits-2")).toHaveLength(300);
});

test("events of 1 MiB that escape to twice their size go into the log one by one, to the character", async () => {
  // Quotes double when JSON goes inside JSON; D1 takes 2 MB in one value.
  const text = '"'.repeat(MEBIBYTE / 2 - 10);
  await append("limits-3", "note-1", [draft("notes.Added", { text }), draft("notes.Added", { text: "small" }), draft("notes.Added", { text })]);
  const { peakHeld, failed } = await project(env.LOG_0, takeHints(), ports);
  expect(failed.size).toBe(0);
  expect(peakHeld).toBeLessThanOrEqual(8 * MEBIBYTE);
  expect((await wholeLog("limits-3")).map(({ data }) => JSON.parse(data).text.length)).toEqual([text.length, 5, text.length]);
});

test("a projector holds at most 8 MiB, whatever the hints bring and the streams have", async () => {
  const hints: Hint[] = [];
  for (let stream = 0; stream < 12; stream++) {
    for (let n = 0; n < 2; n++) await append("limits-4", `note-${stream}`, [draft("notes.Added", { text: "x".repeat(1_000_000) })]);
    const { head, events } = (await stub("limits-4", `note-${stream}`).eventsAfter(0, 4_000_000)) as { head: Hint["head"]; events: RecordedEvent[] };
    // Larger than a queue would carry: as if messages had grown.
    hints.push({ shard: 0, tenant: "limits-4", stream: `note-${stream}`, head, events });
  }
  const { peakHeld, failed } = await project(env.LOG_0, hints, ports);
  expect(failed.size).toBe(0);
  expect(peakHeld).toBeGreaterThan(4 * MEBIBYTE);
  expect(peakHeld).toBeLessThanOrEqual(8 * MEBIBYTE);
  const { results } = await env.LOG_0.prepare("SELECT position FROM events WHERE tenant = 'limits-4' ORDER BY position").all<{ position: number }>();
  expect(results.map(({ position }) => position)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
});

test("an invocation uses at most 900 statements, and says which streams are left", async () => {
  for (let n = 0; n < 230; n++) await append("limits-5", `note-${n}`, [draft("notes.Added", { n })]);
  const hints = takeHints();
  // Every batch aborts, so each stream is tried alone: 4 statements each.
  let statements = 0;
  const db = {
    prepare: (sql: string) => env.LOG_0.prepare(sql),
    batch: (batch: D1PreparedStatement[]) => {
      statements += batch.length;
      return Promise.reject(new Error("D1_ERROR: log_guard: as if another were always faster"));
    },
  } as unknown as D1Database;
  const { failed, statements: counted } = await project(db, hints, {
    ...ports,
    eventsAfter: () => Promise.resolve({ head: { version: 1, hash: "" }, events: [] }),
  });
  expect(counted).toBeLessThanOrEqual(900);
  expect(statements).toBeLessThanOrEqual(900);
  expect(failed.size).toBe(230);
});

test("a stream of 2,500 events that the log lacks altogether is fetched page by page", async () => {
  for (let n = 0; n < 5; n++)
    await append(
      "limits-6",
      "note-1",
      Array.from({ length: 500 }, (_, i) => draft("notes.Added", { n: n * 500 + i })),
    );
  faults.captured?.splice(0);
  await fireAlarm("limits-6", "note-1");
  await deliver(faults.captured?.splice(0) ?? []);
  expect((await wholeLog("limits-6")).map(({ data }) => JSON.parse(data).n)).toEqual(Array.from({ length: 2500 }, (_, index) => index));
});

test("what an envelope holds counts too: a backlog of small data with large metadata is committed in steps", async () => {
  const metadata = { ...draft("x", 1).metadata, note: "x".repeat(10_000) };
  for (let n = 0; n < 4; n++)
    await append(
      "limits-7",
      "note-1",
      Array.from({ length: 500 }, (_, i) => draft("notes.Added", i, { metadata })),
    );
  faults.captured?.splice(0);
  const { peakHeld, failed } = await project(
    env.LOG_0,
    [{ shard: 0, tenant: "limits-7", stream: "note-1", head: { version: 2000, hash: "" }, events: [] }],
    ports,
  );
  // 20 million characters passed through.
  expect(peakHeld).toBeGreaterThan(500_000);
  expect(peakHeld).toBeLessThanOrEqual(8 * MEBIBYTE);
  expect(failed.size).toBe(1);
  expect((await env.LOG_0.prepare("SELECT count(*) AS n FROM events WHERE tenant = 'limits-7'").first<number>("n")) ?? 0).toBeGreaterThan(1000);
});

test("a stream with a long backlog keeps nobody waiting, and says that it is not through", async () => {
  const fetched: number[] = [];
  const endless: ProjectorPorts = {
    ...ports,
    eventsAfter: async (tenant, stream, after, maxCharacters) => {
      if (stream !== "note-noisy") return ports.eventsAfter(tenant, stream, after, maxCharacters);
      fetched.push(after);
      return stub(tenant, stream).eventsAfter(after, 1);
    },
  };
  await append(
    "limits-8",
    "note-noisy",
    Array.from({ length: 100 }, (_, i) => draft("notes.Added", i)),
  );
  faults.captured?.splice(0);
  await append("limits-8", "note-quiet", [draft("notes.Added", 1)]);
  const noisy: Hint = { shard: 0, tenant: "limits-8", stream: "note-noisy", head: { version: 100, hash: "" }, events: [] };
  const { failed } = await project(env.LOG_0, [noisy, ...takeHints()], endless);
  expect(fetched).toHaveLength(16);
  expect([...failed]).toEqual(["limits-8/note-noisy"]);
  expect((await wholeLog("limits-8"))[0]?.stream).toBe("note-quiet");
});

test("nothing more is fetched of a stream that has failed", async () => {
  await append(
    "limits-9",
    "note-1",
    Array.from({ length: 20 }, () => draft("notes.Added", { text: "x".repeat(400_000) })),
  );
  faults.captured?.splice(0);
  let pages = 0;
  const down = { prepare: (sql: string) => env.LOG_0.prepare(sql), batch: () => Promise.reject(new Error("D1_ERROR: overloaded")) } as unknown as D1Database;
  const counted: ProjectorPorts = {
    ...ports,
    eventsAfter: (...query) => {
      pages++;
      return ports.eventsAfter(...query);
    },
  };
  await project(down, [{ shard: 0, tenant: "limits-9", stream: "note-1", head: { version: 20, hash: "" }, events: [] }], counted);
  expect(pages).toBeLessThanOrEqual(2);
});
