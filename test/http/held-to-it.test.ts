import { describe, expect, test } from "vitest";
import { sendCloudEvents } from "../support/cloudevents.ts";
import { type Answer, append, eventsOf, expectProblem, get, type HeaderFields, newerThan, ok, type Page, send, type StoredEvent } from "../support/http.ts";
import { listen } from "./listen.ts";
import { open } from "./open.ts";

const held = { type: "held.Happened", data: 1 };

describe("every write that takes a precondition is held to it:", () => {
  let made = 0;
  const source = async (name: string): Promise<Answer> => send("PUT", `/v1/sources/${name}`, { scheme: "none" });
  type Write = (name: string, headers: HeaderFields) => Promise<Answer>;
  const writes: readonly [method: string, what: string, make: (name: string) => Promise<Answer>, write: Write][] = [
    ["POST", "to a stream", (name) => append(name, [held]), (name, headers) => append(name, [held], headers)],
    ["POST", "of a CloudEvent", (name) => append(name, [held]), (name, headers) => sendCloudEvents(`/v1/streams/${name}/events`, cloudEvent, headers)],
    ["PATCH", "of a stream", (name) => append(name, [held]), (name, headers) => send("PATCH", `/v1/streams/${name}`, { retention: { maxCount: 9 } }, headers)],
    ["DELETE", "of a stream", (name) => append(name, [held]), (name, headers) => send("DELETE", `/v1/streams/${name}`, undefined, headers)],
    ["PUT", "of a source", source, (name, headers) => send("PUT", `/v1/sources/${name}`, { scheme: "github", secret: "s" }, headers)],
    ["DELETE", "of a source", source, (name, headers) => send("DELETE", `/v1/sources/${name}`, undefined, headers)],
  ];
  const cloudEvent = { specversion: "1.0", id: "c", source: "/s", type: "held.Happened" };

  test.each(writes)("%s %s is 412 with currentVersion for a tag that is old or weak, and 400 for one that is none", async (_, __, make, write) => {
    const name = `held-${++made}`;
    ok(await make(name));
    for (const headers of [{ "if-match": '"0"' }, { "if-match": '"2"' }, { "if-match": 'W/"1"' }, { "if-none-match": "*" }])
      expect(expectProblem(await write(name, headers), 412, "version_mismatch").currentVersion).toBe(1);
    for (const tag of ["1", '"1", "2"', "w/1", "abc"]) expectProblem(await write(name, { "if-match": tag }), 400, "invalid_precondition");
    expectProblem(await write(name, { "if-match": '"1"', "if-none-match": "*" }), 400, "invalid_precondition");
    const done = await write(name, { "if-match": '"1"' });
    expect(done.status, done.text).toBeLessThan(300);
  });

  test.each(writes)("%s %s takes * for what is there", async (_, __, make, write) => {
    const name = `held-${++made}`;
    ok(await make(name));
    expect((await write(name, { "if-match": "*" })).status).toBeLessThan(300);
  });
});

describe("tracestate", () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const stateOf = async (stream: string, headers: HeaderFields): Promise<unknown> => {
    await append(stream, [held], headers);
    return (await eventsOf(stream))[0]?.metadata["tracestate"];
  };

  test("tracestate goes on with its traceparent, and not without it", async () => {
    expect(await stateOf("held-state.1", { traceparent, tracestate: "vendor=1,other=2" })).toBe("vendor=1,other=2");
    expect(await stateOf("held-state.2", { tracestate: "vendor=1" })).toBeUndefined();
    expect(await stateOf("held-state.3", { traceparent: "nonsense", tracestate: "vendor=1" })).toBeUndefined();
  });
});

test("an event has the fields of the contract and no others, from the stream, the log, by id and live", async () => {
  const fields = ["id", "stream", "version", "type", "schemaVersion", "time", "recorded", "source", "data", "metadata", "hash", "previousHash", "dataHash"];
  const write = await append("held-fields", [{ ...held, id: "held-field" }]);
  const [inStream] = ok<Page>(await get("/v1/streams/held-fields/events")).items;
  const [inLog] = ok<Page>(await get("/v1/events?stream=held-fields", newerThan(write))).items;
  const byId = ok<StoredEvent>(await get("/v1/events/held-field"));
  const live = await listen("/v1/events/live?after=0&stream=held-fields");
  const [heard] = await live.hear(1);
  await live.leave();
  expect(Object.keys(inStream as object).sort()).toEqual([...fields].sort());
  for (const event of [inLog, byId, heard?.event]) expect(Object.keys(event as object).sort()).toEqual([...fields, "position"].sort());
  expect(Object.keys((inStream as StoredEvent).metadata).sort()).toEqual(["actor", "correlationId", "priority", "traceparent"]);
  await sendCloudEvents("/v1/streams/held-fields/events", { specversion: "1.0", id: "c", source: "/s", type: "held.Happened", data: 1 });
  expect(Object.keys((await eventsOf("held-fields"))[1] as object).sort()).toEqual([...fields, "cloudevent"].sort());
});

test("retention by age goes by when an event was recorded, not by its own time", async () => {
  const patch = (stream: string, maxAge: string) => send("PATCH", `/v1/streams/${stream}`, { retention: { maxAge } });
  await append("held-old", [{ ...held, time: "1980-01-01T00:00:00Z" }]);
  expect(ok(await patch("held-old", "P1D"))).toMatchObject({ firstVersion: 1, retention: { maxAge: "P1D" } });
  expect(await eventsOf("held-old")).toHaveLength(1);
  await append("held-new", [{ ...held, time: "2980-01-01T00:00:00Z" }]);
  await patch("held-new", "PT0.001S");
  await scheduler.wait(5);
  expect(expectProblem(await get("/v1/streams/held-new/events?from=1"), 410)).toMatchObject({ firstVersion: 2 });
});

test("a stream whose events retention has all let go is an empty page, from its firstVersion and from nowhere in particular", async () => {
  await append("held-empty", [held, held]);
  ok(await send("PATCH", "/v1/streams/held-empty", { retention: { before: 3 } }));
  const { firstVersion } = ok<{ firstVersion: number }>(await get("/v1/streams/held-empty"));
  expect(firstVersion).toBe(3);
  for (const query of ["", "?from=3", "?to=3", "?from=4", "?direction=backward", "?direction=backward&from=3"]) {
    const page = ok<Page>(await get(`/v1/streams/held-empty/events${query}`));
    expect(page, query).toEqual({ stream: "held-empty", version: 2, items: [], next: null });
  }
  for (const query of ["?from=2", "?to=2", "?from=1&to=9", "?from=3&to=2", "?direction=backward&to=2"])
    expect(expectProblem(await get(`/v1/streams/held-empty/events${query}`), 410, "stream_truncated"), query).toMatchObject({ firstVersion: 3 });
  const lines = await get("/v1/streams/held-empty/events", { accept: "application/x-ndjson" });
  expect([lines.status, lines.text]).toEqual([200, ""]);
  const { lastHash } = ok<{ lastHash: string }>(await get("/v1/streams/held-empty"));
  expect(ok(await get("/v1/streams/held-empty/verify"))).toEqual({ valid: true, from: 3, to: 2, lastHash });
  expect(ok(await append("held-empty", [held]))).toMatchObject({ firstVersion: 3 });
  expect((await eventsOf("held-empty")).map(({ version }) => version)).toEqual([3]);
});

test("lines that are broken off end in a fault, not in an end that looks like one", async () => {
  const large = Array.from({ length: 1000 }, () => ({ ...held, data: "x".repeat(5_000) }));
  for (let n = 0; n < 4; n++) await append("held-lines", large);
  const response = await open("/v1/streams/held-lines/events", { accept: "application/x-ndjson" });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  ok(await send("PATCH", "/v1/streams/held-lines", { retention: { maxCount: 1 } }));
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  await expect(rest()).rejects.toThrow(/truncated/);
});
