import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type CameEvent, cloudEventsOf, sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { type Appended, eventsOf, expectProblem, get, newerThan, ok, type Page } from "../support/http.ts";

const required = { specversion: "1.0", id: "1", source: "/sensors/s1", type: "sensors.Measured" };
const binary = required;
let made = 0;
const nextStream = (): string => `sensor-${++made}`;
const events = (stream: string): string => `/v1/streams/${stream}/events`;
const came = async (stream: string): Promise<readonly CameEvent[]> => eventsOf(stream);

async function only(stream: string): Promise<CameEvent> {
  const all = await came(stream);
  expect(all).toHaveLength(1);
  return all[0] as CameEvent;
}

describe("one CloudEvent in the JSON format", () => {
  const full = {
    ...required,
    subject: "room/5",
    time: "2026-11-20T10:00:00.123456+01:00",
    dataschema: "https://example.org/schema",
    datacontenttype: "application/json",
    ext: "a",
    number: 5,
    truth: true,
    data: { celsius: 21.5 },
  };

  test("is appended and answered like any other event", async () => {
    const stream = nextStream();
    const answer = await sendCloudEvents(events(stream), full);
    expect(answer.status).toBe(201);
    expect(ok<Appended>(answer)).toMatchObject({ stream, firstVersion: 1, lastVersion: 1, events: [{ id: "1", version: 1 }] });
    expect(answer.headers.get("etag")).toBe('"1"');
    expect(answer.headers.get("location")).toBe(`/v1/streams/${stream}/events?from=1`);
    const log = ok<Page<CameEvent>>(await get(`/v1/events?stream=${stream}`, newerThan(answer)));
    expect(log.items).toMatchObject([{ id: "1", data: { celsius: 21.5 }, cloudevent: { subject: "room/5" } }]);
  });

  test("has its attributes in the event's own fields, and the rest in cloudevent, only what was there", async () => {
    const stream = nextStream();
    await sendCloudEvents(events(stream), full);
    const event = await only(stream);
    expect(event).toMatchObject({ id: "1", source: "/sensors/s1", type: "sensors.Measured", time: full.time, schemaVersion: 1, data: full.data });
    expect(event.cloudevent).toEqual({
      subject: "room/5",
      dataschema: "https://example.org/schema",
      datacontenttype: "application/json",
      extensions: { ext: "a", number: 5, truth: true },
    });
    const bare = nextStream();
    await sendCloudEvents(events(bare), { ...required, subject: null, ext: null, data: 1 });
    expect((await only(bare)).cloudevent).toEqual({});
    expect((await only(bare)).time).toBe((await only(bare)).recorded);
  });

  test("has its data to the character", async () => {
    const stream = nextStream();
    const data = '{"b":1.0,"10":12345678901234567890,"2":[1E2,-0,"\\u0041"],"__proto__":{"data":2}}';
    await sendCloudEvents(events(stream), `{"specversion":"1.0","id":"1","source":"/s","type":"t", "data" : ${data} }`);
    expect((await get(events(stream))).text).toContain(`"data":${data}`);
  });

  test("may have no data, which is not the same as null", async () => {
    const [without, withNull] = [nextStream(), nextStream()];
    await sendCloudEvents(events(without), required);
    await sendCloudEvents(events(withNull), { ...required, data: null });
    expect(await only(without)).toMatchObject({ data: null, cloudevent: { dataform: "none" } });
    expect(await only(withNull)).toMatchObject({ data: null, cloudevent: {} });
    expect((await cloudEventsOf(without))[0]).not.toHaveProperty("data");
    expect((await cloudEventsOf(withNull))[0]).toMatchObject({ data: null });
  });

  test("that is not JSON is data_base64, in the stream and in the log", async () => {
    const stream = nextStream();
    const answer = await sendCloudEvents(events(stream), [
      { ...required, id: "bytes", datacontenttype: "image/png", data_base64: "AP8=" },
      { ...required, id: "text", datacontenttype: "text/plain", data: "hé" },
    ]);
    for (const path of [events(stream), `/v1/events?stream=${stream}`]) {
      const { items } = ok<Page<CameEvent>>(await get(path, newerThan(answer)));
      expect(items.map(({ data_base64 }) => data_base64)).toEqual(["AP8=", btoa("h\xc3\xa9")]);
      for (const item of items) expect(item).not.toHaveProperty("data");
    }
    expect(await cloudEventsOf(stream)).toMatchObject([{ data_base64: "AP8=" }, { data: "hé" }]);
  });
});

test("every hash can be recomputed and verified, also of data that is not JSON or not there", async () => {
  const stream = nextStream();
  const data = [{ data: [1.5] }, {}, { data: null }, { data_base64: "AP8=" }, { datacontenttype: "text/plain", data: "hi" }];
  await sendCloudEvents(
    events(stream),
    data.map((more, n) => ({ ...required, id: `${n}`, ...more })),
  );
  for (const { data, data_base64, dataHash } of await came(stream))
    expect(dataHash).toBe(
      `sha256:${createHash("sha256")
        .update(JSON.stringify(data_base64 ?? data))
        .digest("hex")}`,
    );
  expect((await get(`/v1/streams/${stream}/verify`)).json()).toMatchObject({ valid: true, from: 1, to: 5 });
});

describe("a batch", () => {
  test("is appended whole, in its order", async () => {
    const stream = nextStream();
    const batch = [1, 2, 3].map((n) => ({ ...required, id: `b-${n}`, data: n }));
    const answer = await sendCloudEvents(events(stream), batch);
    expect(answer.status).toBe(201);
    expect(ok<Appended>(answer)).toMatchObject({ firstVersion: 1, lastVersion: 3, events: [{ id: "b-1" }, { id: "b-2" }, { id: "b-3" }] });
    expect((await came(stream)).map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  test("that is empty is 200, and writes nothing", async () => {
    const stream = nextStream();
    const answer = await sendCloudEvents(events(stream), []);
    expect([answer.status, answer.json()]).toEqual([200, { stream, events: [] }]);
    expectProblem(await get(events(stream)), 404);
  });

  test("is not written for a single bad event in it, whose place is told", async () => {
    const stream = nextStream();
    const problem = expectProblem(await sendCloudEvents(events(stream), [required, { ...required, id: "" }, { ...required, id: "3", time: "noon" }]), 422);
    expect(problem.errors?.map(({ path }) => path)).toEqual(["[1].id", "[2].time"]);
    expectProblem(await get(events(stream)), 404);
  });

  test("of 1000 is one append, of 1001 is 422", async () => {
    const batch = Array.from({ length: 1001 }, (_, n) => ({ ...required, id: `n-${n}` }));
    expect(ok<Appended>(await sendCloudEvents(events(nextStream()), batch.slice(1))).lastVersion).toBe(1000);
    expectProblem(await sendCloudEvents(events(nextStream()), batch), 422);
  });
});

describe("binary mode", () => {
  test("takes attributes from headers and the data from the body", async () => {
    const stream = nextStream();
    const answer = await sendBinary(
      events(stream),
      { ...binary, subject: "Euro%20%E2%82%AC", ext: '"a \\"b\\""' },
      '{"a": 1.0}',
      "application/json; charset=utf-8",
    );
    expect(answer.status).toBe(201);
    expect((await get(events(stream))).text).toContain('"data":{"a":1.0}');
    expect((await only(stream)).cloudevent).toEqual({ subject: "Euro €", datacontenttype: "application/json; charset=utf-8", extensions: { ext: 'a "b"' } });
  });

  test("keeps every byte of data that is not JSON, as base64", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
    for (const type of ["application/octet-stream", "text/plain", undefined]) {
      const stream = nextStream();
      expect((await sendBinary(events(stream), binary, bytes, type)).status).toBe(201);
      expect(Uint8Array.from(atob((await only(stream)).data_base64 as string), (char) => char.charCodeAt(0))).toEqual(bytes);
      expect((await only(stream)).cloudevent).toEqual({ ...(type !== undefined && { datacontenttype: type }), dataform: "bytes" });
    }
  });

  test("without a body is an event without data", async () => {
    const stream = nextStream();
    await sendBinary(events(stream), binary);
    expect((await cloudEventsOf(stream))[0]).not.toHaveProperty("data");
    expect((await cloudEventsOf(stream))[0]).not.toHaveProperty("data_base64");
  });

  test("is 400 where the body says it is JSON and is not", async () => {
    expectProblem(await sendBinary(events(nextStream()), binary, "hello", "application/json"), 400, "invalid_json");
  });

  test("is 422 with the attribute where one is missing or badly encoded", async () => {
    const { id: _, ...rest } = binary;
    expect(expectProblem(await sendBinary(events(nextStream()), rest, "1", "application/json"), 422).errors).toMatchObject([{ path: "id" }]);
    for (const subject of ["%C0%A0", "100%", '"open'])
      expect(expectProblem(await sendBinary(events(nextStream()), { ...binary, subject }, "1", "application/json"), 422).errors).toMatchObject([
        { path: "subject" },
      ]);
    expectProblem(await sendBinary(events(nextStream()), { ...binary, datacontenttype: "a/b" }, "1", "application/json"), 422);
  });

  test("is a repeat of the same event in the JSON format, and the other way round", async () => {
    const stream = nextStream();
    const first = await sendCloudEvents(events(stream), { ...required, datacontenttype: "text/plain", data: "hi" });
    const again = await sendBinary(events(stream), binary, "hi", "text/plain");
    expect([again.status, again.json()]).toEqual([200, first.json()]);
    expect((await sendBinary(events(stream), { ...binary, id: "2" }, "[1.0]", "application/json")).status).toBe(201);
    expect((await sendCloudEvents(events(stream), { ...required, id: "2", data: [1.0] })).status).toBe(200);
    expect(await came(stream)).toHaveLength(2);
  });
});
