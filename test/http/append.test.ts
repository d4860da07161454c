import { describe, expect, test } from "vitest";
import { append, type Appended, eventsOf, expectProblem, get, ok, send, type StoredEvent } from "../support/http.ts";

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const sha256 = /^sha256:[0-9a-f]{64}$/;
const added = (data: unknown, more: object = {}): object => ({ type: "notes.NoteAdded", data, ...more });

async function only(stream: string): Promise<StoredEvent> {
  const events = await eventsOf(stream);
  expect(events).toHaveLength(1);
  return events[0] as StoredEvent;
}

describe("what an append answers", () => {
  test("the versions, the ids and the hashes of the new events, with 201", async () => {
    await append("note-answer", [added(1)]);
    const answer = await append("note-answer", [added(2), added(3)]);
    expect(answer.status).toBe(201);
    const body = answer.json<Appended>();
    expect(body).toMatchObject({ stream: "note-answer", firstVersion: 2, lastVersion: 3, events: [{ version: 2 }, { version: 3 }] });
    const stored = await eventsOf("note-answer");
    expect(body.events).toEqual(stored.slice(1).map(({ id, version, hash }) => ({ id, version, hash })));
  });

  test("the last version as ETag", async () => {
    expect((await append("note-etag", [added(1), added(2)])).headers.get("etag")).toBe('"2"');
  });

  test("a Consistency-Token and a Location that leads to the events", async () => {
    const answer = await append("note-where", [added("there")]);
    expect(answer.headers.get("consistency-token")).toMatch(/./);
    const there = new URL(answer.headers.get("location") as string, "http://rivulet.test");
    expect((await get(there.pathname + there.search)).text).toContain('"there"');
  });
});

describe("what an event is given when it leaves it out", () => {
  test("a UUIDv7 of its own as id", async () => {
    const { events } = ok<Appended>(await append("note-ids", [added(1), added(2)]));
    for (const { id } of events) expect(id).toMatch(uuidV7);
    expect(events[0]?.id).not.toBe(events[1]?.id);
  });

  test("/v1 as source, 1 as schemaVersion, normal as priority", async () => {
    await append("note-defaults", [added(1)]);
    expect(await only("note-defaults")).toMatchObject({ source: "/v1", schemaVersion: 1, metadata: { priority: "normal" } });
  });

  test("the moment it is recorded as time, in UTC with milliseconds", async () => {
    const before = new Date(Date.now() - 1).toISOString();
    await append("note-time", [added(1)]);
    const { time, recorded } = await only("note-time");
    expect(time).toBe(recorded);
    expect(recorded).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(recorded >= before).toBe(true);
  });

  test("the hashes of itself, of its data and of its predecessor", async () => {
    await append("note-hashes", [added(1), added(1)]);
    const [first, second] = (await eventsOf("note-hashes")) as [StoredEvent, StoredEvent];
    for (const hash of [first.hash, first.dataHash, second.hash]) expect(hash).toMatch(sha256);
    expect(second.previousHash).toBe(first.hash);
    expect(second.dataHash).toBe(first.dataHash);
    expect(second.hash).not.toBe(first.hash);
  });
});

describe("what an event keeps", () => {
  test("its type, id, source, schemaVersion and data", async () => {
    const event = added({ text: "hi" }, { id: "mine/1", source: "/elsewhere", schemaVersion: 7 });
    await append("note-kept", [event]);
    expect(await only("note-kept")).toMatchObject(event);
  });

  test.each(["2026-11-20T10:00:00Z", "2019-01-01T12:30:00.123456789+02:00", "2030-06-30T23:59:59.5-08:00"])(
    "its producer's time %s, to the character",
    async (time) => {
      const stream = `note-${time.replaceAll("+", "_")}`;
      await append(stream, [added(1, { time })]);
      const event = await only(stream);
      expect(event.time).toBe(time);
      expect(event.recorded).not.toBe(time);
    },
  );

  test.each([null, true, false, 0, "", "text", [], {}, [[null]]])("data that is %j", async (data) => {
    const stream = `value-${crypto.randomUUID()}`;
    await append(stream, [added(data)]);
    expect((await only(stream)).data).toEqual(data);
  });
});

describe("order in a stream", () => {
  test("versions count 1, 2, 3… over many appends at once", async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => append("note-crowd", [added(n), added(-n)])));
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
    const firsts = answers.map((answer) => answer.json<Appended>().firstVersion).sort((a, b) => a - b);
    expect(firsts).toEqual(Array.from({ length: 30 }, (_, n) => 2 * n + 1));
    expect((await eventsOf("note-crowd")).map(({ version }) => version)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  });

  test("recorded never goes back, and every event names its predecessor's hash", async () => {
    for (const n of [1, 2, 3]) await append("note-chain", [added(n), added(n)]);
    const events = await eventsOf("note-chain");
    expect(events.map(({ recorded }) => recorded)).toEqual(events.map(({ recorded }) => recorded).sort());
    expect(events.slice(1).map(({ previousHash }) => previousHash)).toEqual(events.slice(0, -1).map(({ hash }) => hash));
  });
});

describe("a stream's name", () => {
  const good = ["n0_te-1", "note-A.Z_a~9:-", "note--", "note-...", `${"category".repeat(20)}-1`, `note-${"x".repeat(200)}`, "a-b-c"];
  test.each(good)("%s is one", async (stream) => {
    expect(ok<Appended>(await append(stream, [added(1)])).stream).toBe(stream);
  });

  const bad = [
    "note",
    "note-",
    "-1",
    "Note-1",
    "1note-1",
    "_n-1",
    "no.te-1",
    "note-.",
    "note-..",
    "note-a%20b",
    "note-%C3%A4",
    "note-a%2Fb",
    `note-${"x".repeat(201)}`,
  ];
  test.each(bad)("%s is none", async (stream) => {
    expectProblem(await append(stream, [added(1)]), 422);
  });

  test("is the same percent-encoded", async () => {
    await append("note-a:b", [added(1)]);
    expect(ok<Appended>(await append("note-a%3Ab", [added(2)]))).toMatchObject({ stream: "note-a:b", firstVersion: 2 });
  });
});

describe("an append that is refused", () => {
  const shapes: readonly [string, unknown, RegExp][] = [
    ["no list of events", {}, /events/],
    ["events that are no list", { events: added(1) }, /events/],
    ["no event", { events: [] }, /events/],
    ["an event that is no object", { events: [added(1), 7] }, /events.*1/],
    ["an event without type", { events: [{ data: 1 }] }, /events.*0.*type/],
    ["an empty type", { events: [{ type: "", data: 1 }] }, /events.*0.*type/],
    ["a type that is no text", { events: [{ type: 5, data: 1 }] }, /events.*0.*type/],
    ["an event without data", { events: [added(1), { type: "notes.NoteAdded" }] }, /events.*1.*data/],
    ["an id that is no text", { events: [added(1, { id: 5 })] }, /events.*0.*id/],
    ["a time that is none", { events: [added(1, { time: "yesterday" })] }, /events.*0.*time/],
    ["the 30th of February", { events: [added(1, { time: "2026-02-30T10:00:00Z" })] }, /events.*0.*time/],
    ["schemaVersion 0", { events: [added(1, { schemaVersion: 0 })] }, /events.*0.*schemaVersion/],
    ["schemaVersion 1.5", { events: [added(1, { schemaVersion: 1.5 })] }, /events.*0.*schemaVersion/],
    ["metadata that is no object", { events: [added(1, { metadata: "m" })] }, /events.*0.*metadata/],
    ["a priority that is no text", { events: [added(1, { metadata: { priority: 9 } })] }, /events.*0.*metadata.*priority/],
    ["a body that is a list", [added(1)], /^/],
  ];
  test.each(shapes)("for %s is a 422 with the path", async (_, body, path) => {
    const problem = expectProblem(await send("POST", "/v1/streams/note-refused/events", body), 422);
    expect(problem.errors?.map(({ path }) => path).join(" ")).toMatch(path);
    for (const { message } of problem.errors ?? []) expect(message).toMatch(/./);
    expect((await get("/v1/streams/note-refused")).status).toBe(404);
  });

  test("writes none of its events for a single bad one", async () => {
    await append("note-whole", [added(1)]);
    expectProblem(await append("note-whole", [added(2), added(3), { type: "notes.NoteAdded" }]), 422);
    expect(await eventsOf("note-whole")).toHaveLength(1);
  });
});
