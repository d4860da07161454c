import { describe, expect, test } from "vitest";
import { type Members, sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { eventsOf, expectProblem, get, send } from "../support/http.ts";

const required = { specversion: "1.0", id: "1", source: "/sensors/s1", type: "sensors.Measured" };
const binary = required;
let made = 0;
const nextStream = (): string => `rule-${++made}`;
const events = (stream: string): string => `/v1/streams/${stream}/events`;

describe("the rules of every append hold for CloudEvents", () => {
  test("a repeat is 200 with the first version, other content 409, twice in a request 422", async () => {
    const stream = nextStream();
    const first = await sendCloudEvents(events(stream), { ...required, data: 1 });
    const again = await sendCloudEvents(events(stream), { ...required, data: 1, ext: "other" });
    expect([again.status, again.json()]).toEqual([200, first.json()]);
    expectProblem(await sendCloudEvents(events(stream), { ...required, data: 2 }), 409, "event_id_reused");
    const problem = expectProblem(await sendCloudEvents(events(nextStream()), [required, { ...required, id: "2" }, required]), 422);
    expect(problem.errors).toMatchObject([{ path: "[2].id" }]);
    expect(await eventsOf(stream)).toHaveLength(1);
  });

  test("a repeat is one also where the first came plainly", async () => {
    const stream = nextStream();
    await send("POST", events(stream), { events: [{ type: "t", id: "1", source: "/s", data: { a: 1 } }] });
    expect((await sendCloudEvents(events(stream), { specversion: "1.0", id: "1", source: "/s", type: "t", data: { a: 1 } })).status).toBe(200);
  });

  test("preconditions", async () => {
    const stream = nextStream();
    expect((await sendCloudEvents(events(stream), required, { "if-none-match": "*" })).status).toBe(201);
    expectProblem(await sendCloudEvents(events(stream), { ...required, id: "2" }, { "if-match": '"7"' }), 412);
    expectProblem(await sendCloudEvents(events(stream), { ...required, id: "2" }, { "if-match": "1" }), 400);
    expect((await sendCloudEvents(events(stream), { ...required, id: "2" }, { "if-match": '"1"' })).status).toBe(201);
  });

  test("an Idempotency-Key", async () => {
    const stream = nextStream();
    const key = { "idempotency-key": "k-1" };
    const first = await sendCloudEvents(events(stream), required, key);
    const again = await sendCloudEvents(events(stream), required, key);
    expect([again.status, again.json(), again.headers.get("idempotency-replayed")]).toEqual([201, first.json(), "true"]);
    expectProblem(await sendCloudEvents(events(stream), { ...required, id: "2" }, key), 422, "idempotency_key_reused");
  });

  test("no key is 401, the platform's own streams are 403, its types 422", async () => {
    expectProblem(await sendCloudEvents(events(nextStream()), required, { authorization: undefined }), 401);
    for (const stream of ["audit-log", "rivulet_source-x"])
      for (const body of [required, "{", []]) expectProblem(await sendCloudEvents(events(stream), body), 403);
    expect(
      expectProblem(await sendCloudEvents(events(nextStream()), [required, { ...required, id: "2", type: "rivulet.StreamPurged" }]), 422).errors,
    ).toMatchObject([{ path: "[1].type" }]);
  });

  test("1 MiB of data as stored is the most, and 64 KiB of attributes", async () => {
    const text = (length: number): Members => ({ ...required, data: "x".repeat(length) });
    expect((await sendCloudEvents(events(nextStream()), text(1024 * 1024 - 2))).status).toBe(201);
    expectProblem(await sendCloudEvents(events(nextStream()), text(1024 * 1024 - 1)), 413, "event_too_large");
    expectProblem(await sendBinary(events(nextStream()), binary, new Uint8Array(800 * 1024), "a/b"), 413, "event_too_large");
    expect((await sendCloudEvents(events(nextStream()), { ...required, ext: "x".repeat(65_000) })).status).toBe(201);
    expectProblem(await sendCloudEvents(events(nextStream()), { ...required, ext: "x".repeat(66_000) }), 413, "event_too_large");
    const nine = Array.from({ length: 9 }, (_, n) => ({ ...text(1_000_000), id: `${n}` }));
    expectProblem(await sendCloudEvents(events(nextStream()), nine), 413, "append_too_large");
    expectProblem(await sendCloudEvents(events(nextStream()), " ".repeat(17 * 1024 * 1024)), 413, "body_too_large");
  });
});

describe("a request is told apart", () => {
  test.each([
    ["application/cloudevents+json; charset=UTF-8", 201],
    ["Application/CloudEvents+JSON", 201],
    ["application/cloudevents+xml", 415],
    ["application/cloudevents", 415],
    ["application/cloudevents-batch+avro", 415],
    ["text/plain", 415],
  ])("by %s: %i", async (type, status) => {
    const answer = await sendCloudEvents(events(nextStream()), required, { "content-type": type });
    expect(answer.status, answer.text).toBe(status);
    if (status !== 201) expectProblem(answer, status, "unsupported_media_type");
  });

  test("by any of the headers that every CloudEvent has; application/json alone stays a plain append", async () => {
    for (const name of ["ce-id", "ce-source", "ce-type", "ce-specversion"]) {
      const answer = await send("POST", events(nextStream()), { events: [{ type: "t", data: 1 }] }, { [name]: "1.0" });
      expectProblem(answer, 422);
    }
    const plain = await send("POST", events(nextStream()), { events: [{ type: "t", data: 1 }] }, { "ce-other": "1" });
    expect(plain.status).toBe(201);
  });

  test("one is no batch, and a batch is no one", async () => {
    expectProblem(await sendCloudEvents(events(nextStream()), JSON.stringify([required])), 422);
    expectProblem(await sendCloudEvents(events(nextStream()), JSON.stringify(required), { "content-type": "application/cloudevents-batch+json" }), 422);
  });

  test("no JSON is 400, no UTF-8 too", async () => {
    expectProblem(await sendCloudEvents(events(nextStream()), "{"), 400, "invalid_json");
    expectProblem(await send("POST", events(nextStream()), new Uint8Array([34, 255, 34]), { "content-type": "application/cloudevents+json" }), 400);
  });
});

describe("an invalid one is 422 with its path", () => {
  test.each<[path: string, members: Members]>([
    ["specversion", { specversion: "0.3" }],
    ["id", { id: "" }],
    ["id", { id: "x".repeat(257) }],
    ["source", { source: "a b" }],
    ["type", { type: 5 }],
    ["subject", { subject: "" }],
    ["time", { time: "2026-11-20T10:00:00" }],
    ["dataschema", { dataschema: "/relative" }],
    ["datacontenttype", { datacontenttype: "xyz" }],
    ["data_base64", { data_base64: "TWE" }],
    ["data_base64", { data: 1, data_base64: "TWE=" }],
    ["data", { datacontenttype: "text/plain", data: {} }],
    ["Ext", { Ext: 1 }],
    ["ext", { ext: 1.5 }],
    ["ext", { ext: {} }],
    ["ext", { ext: "a\nb" }],
  ])("%s: %j", async (path, members) => {
    const stream = nextStream();
    const problem = expectProblem(await sendCloudEvents(events(stream), { ...required, ...members }), 422, "invalid_input");
    expect(problem.errors).toMatchObject([{ path }]);
    expectProblem(await get(events(stream)), 404);
  });
});
