import { describe, expect, test } from "vitest";
import { sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { adminKey, type Answer, append, eventsOf, expectProblem, get, newerThan, ok, send, type StoredEvent } from "../support/http.ts";

/** So many characters, each of which takes two units of UTF-16 and four bytes of UTF-8. */
const faces = (count: number): string => "😀".repeat(count);
const event = { specversion: "1.0", id: "1", source: "/faces", type: "faces.Counted" };
let made = 0;
const nextStream = (): string => `faces-${++made}`;
const path = (stream: string): string => `/v1/streams/${stream}/events`;
const plain = (more: object) => (stream: string) => append(stream, [{ type: "faces.Counted", data: 1, ...more }]);
const cloudEvent = (more: object) => (stream: string) => sendCloudEvents(path(stream), { ...event, ...more });
const template = (text: string) => (stream: string) =>
  send("PUT", `/v1/sources/${stream}`, { scheme: "none", type: "a.B", stream: "a-b", id: `${text}{body.v}` });

/** What takes a text, the most characters that it may have, and what sends such a text to a stream of this name. */
const limits: readonly (readonly [what: string, most: number, write: (text: string) => (stream: string) => Promise<Answer>])[] = [
  ["an event's id", 256, (id) => plain({ id })],
  ["an event's type", 256, (type) => plain({ type })],
  ["an event's source", 1024, (source) => plain({ source })],
  ["an event's cause", 256, (causationId) => plain({ metadata: { causationId } })],
  ["a CloudEvent's id", 256, (id) => cloudEvent({ id })],
  ["a CloudEvent's type", 256, (type) => cloudEvent({ type })],
  ["a CloudEvent's id in binary mode", 256, (id) => (stream) => sendBinary(path(stream), { ...event, id: encodeURIComponent(id) }, "1", "application/json")],
  // What it is filled with is one character more.
  ["a source's template, less what it is filled with,", 255, template],
];

describe("characters are counted as JSON Schema counts them, by code points:", () => {
  test.each(limits)("%s has at most %i", async (_, most, write) => {
    const taken = await write(faces(most))(nextStream());
    expect(taken.status).toBe(201);
    const stream = nextStream();
    expectProblem(await write(faces(most + 1))(stream), 422, "invalid_input");
    expectProblem(await get(`/v1/streams/${stream}`), 404);
  });

  test("a cause that comes as an extension is kept up to 256, and is an extension and no more beyond", async () => {
    const stream = nextStream();
    for (const count of [256, 257]) ok(await cloudEvent({ id: `${count}`, causationid: faces(count) })(stream));
    expect((await eventsOf(stream)).map(({ metadata }) => metadata["causationId"])).toEqual([faces(256), undefined]);
  });

  test("an event is found by an id and a source of the longest", async () => {
    const [id, source] = [faces(256), faces(1024)];
    const write = await plain({ id, source })(nextStream());
    const found = await get(`/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`, newerThan(write));
    expect(ok<StoredEvent>(found)).toMatchObject({ id, source });
    expectProblem(await get(`/v1/events/${encodeURIComponent(faces(257))}`), 422);
  });

  test("a delivery's id has at most 256", async () => {
    const source = nextStream();
    ok(await send("PUT", `/v1/sources/${source}`, { scheme: "none", type: "a.B", stream: `${source}.x`, id: "{body.v}" }));
    const deliver = (count: number) =>
      send("POST", `/v1/webhooks/default/${source}`, { v: faces(count) }, { authorization: `Bearer ${adminKey}`, "content-type": "application/json" });
    expect((await deliver(256)).status).toBe(202);
    expect(expectProblem(await deliver(257), 422).errors).toMatchObject([{ path: "id" }]);
  });

  test("a template is looked at whatever its characters are", async () => {
    for (const text of [faces(300) + "{", "{" + faces(300)])
      expectProblem(await send("PUT", "/v1/sources/faces", { scheme: "none", type: "a.B", stream: "a-b", id: text }), 422);
    expectProblem(await get("/v1/sources/faces"), 404);
  });

  test("metadata has at most 16,384 as JSON", async () => {
    const around = JSON.stringify({ note: "" }).length;
    const noted = (count: number) => plain({ metadata: { note: faces(count) } })(nextStream());
    expect((await noted(16_384 - around)).status).toBe(201);
    expectProblem(await noted(16_385 - around), 422);
  });
});
