import { afterAll, beforeAll, expect, test } from "vitest";
import { all, append, type AppendedEvent, ask, counted } from "./api.ts";
import { type Server, startServer, stop } from "./server.ts";

interface Written {
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly events: readonly AppendedEvent[];
}

interface Stored extends AppendedEvent {
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const MANY = 60;

// A runtime as it is deployed: the one that the other tests run in keeps requests from waking each other.
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => stop(server));

const write = (stream: string, n: number, headers: Readonly<Record<string, string>> = {}) =>
  ask<Written>(server.url, `/v1/streams/${stream}/events`, {
    method: "POST",
    body: { events: [{ type: "notes.NoteAdded", id: `n-${n}`, data: { n } }] },
    headers,
  });

/** Calls of the objects of streams. */
const calls = () => counted(server.url, "rivulet_object_requests_total", { object: "stream" });

test("appends that come at the same time share calls of their stream's object, and each gets its own answer", async () => {
  await append(server.url, "note-1", [0]);
  const before = await calls();
  const answers = await Promise.all(Array.from({ length: MANY }, (_, n) => write("note-1", n, { "x-correlation-id": `c-${n}`, "idempotency-key": `k-${n}` })));
  expect((await calls()) - before).toBeLessThan(MANY / 2);
  const stored = new Map((await all<Stored>(server.url, "/v1/streams/note-1/events")).map((event) => [event.id, event]));
  expect(stored.size).toBe(1 + MANY);
  for (const [n, { status, headers, body }] of answers.entries()) {
    const { version, hash, metadata, data } = stored.get(`n-${n}`) ?? {};
    expect([status, body.firstVersion, body.lastVersion, body.events]).toEqual([201, version, version, [{ id: `n-${n}`, version, hash }]]);
    expect([headers.get("etag"), headers.get("x-correlation-id"), metadata?.["correlationId"], data]).toEqual([`"${version}"`, `c-${n}`, `c-${n}`, { n }]);
  }
});

test("what one of them is refused, the others are not", async () => {
  await append(server.url, "note-2", [0]);
  const answers = await Promise.all(Array.from({ length: MANY }, (_, n) => write("note-2", n, n % 3 === 0 ? { "if-match": '"1"' } : {})));
  const conditional = answers.filter((_, n) => n % 3 === 0).map(({ status }) => status);
  const [first, ...others] = conditional.sort((one, other) => one - other);
  // One of them at most is the first.
  expect([201, 412]).toContain(first);
  expect(new Set(others)).toEqual(new Set([412]));
  expect(new Set(answers.filter((_, n) => n % 3 !== 0).map(({ status }) => status))).toEqual(new Set([201]));
  const versions = (await all<{ version: number }>(server.url, "/v1/streams/note-2/events")).map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, index) => index + 1));
});
