import { describe, expect, test } from "vitest";
import {
  cloudEventBatch,
  cloudEventText,
  envelopeText,
  eventText,
  type JsonText,
  PURGED,
  readCloudEvent,
  type RecordedEvent,
  sha256,
} from "../../src/kernel/index.ts";
import { onlyEvent, recorded } from "./support/cloudevents.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const plain: RecordedEvent = {
  id: "e-1",
  stream: "note-n1",
  version: 12,
  type: "notes.NoteAdded",
  schemaVersion: 1,
  time: "2026-11-20T10:00:00.000Z",
  recorded: "2026-11-20T10:00:00.120Z",
  source: "/v1",
  metadata: { correlationId: "c-1", priority: "normal", traceparent, actor: "key:ci" },
  hash: sha256("a"),
  previousHash: sha256("b"),
  dataHash: sha256("c"),
  data: '{"text":"hello","n":1.0}' as JsonText,
};
const required = { specversion: "1.0", id: "1", source: "/s", type: "t" };
const parsed = (event: RecordedEvent & { position?: number }): Record<string, unknown> => JSON.parse(cloudEventText(event)) as Record<string, unknown>;
const came = (members: object): RecordedEvent => recorded(onlyEvent(readCloudEvent(JSON.stringify({ ...required, ...members }))));
const api = (event: RecordedEvent): string => eventText(envelopeText(event), event.data);

describe("an event that was appended plainly", () => {
  test("is a CloudEvent of JSON, with our own names as extensions", () => {
    expect(cloudEventText(plain)).toBe(
      '{"specversion":"1.0","id":"e-1","source":"/v1","type":"notes.NoteAdded","time":"2026-11-20T10:00:00.000Z","datacontenttype":"application/json",' +
        '"stream":"note-n1","sequence":"0000000012","recordedtime":"2026-11-20T10:00:00.120Z","correlationid":"c-1",' +
        `"traceparent":"${traceparent}","data":{"text":"hello","n":1.0}}`,
    );
  });

  test("carries what not every event has only where it has it", () => {
    const metadata = { ...plain.metadata, causationId: "c-0", tracestate: "a=b" };
    expect(parsed({ ...plain, schemaVersion: 3, metadata, position: 812 })).toMatchObject({
      schemaversion: 3,
      causationid: "c-0",
      tracestate: "a=b",
      position: "0000000812",
    });
    for (const name of ["schemaversion", "causationid", "tracestate", "position", "purged", "subject"]) expect(parsed(plain)).not.toHaveProperty(name);
  });

  test.each<[name: string, event: Partial<RecordedEvent>, attributes: object]>([
    ["a source that is no URI", { source: "my shop, 50% [ü]" }, { source: "my%20shop,%2050%25%20%5B%C3%BC%5D" }],
    ["a source whose first part has a colon", { source: "1a:b" }, { source: "1a%3Ab" }],
    ["an id with control characters", { id: "a\nb" }, { id: "a%0Ab" }],
    ["a causationId with control characters", { metadata: { ...plain.metadata, causationId: "\u0000" } }, { causationid: "%00" }],
    ["a lone surrogate in its source", { source: "\ud800" }, { source: "%EF%BF%BD" }],
  ])("with %s is a valid one all the same", (_, event, attributes) => {
    expect(parsed({ ...plain, ...event })).toMatchObject(attributes);
    expect(readCloudEvent(cloudEventText({ ...plain, ...event })).ok).toBe(true);
  });
});

describe("an event that came as a CloudEvent", () => {
  test("keeps a producer's extension before one of our own", () => {
    const own = { stream: "stdout", sequence: "a", recordedtime: "x", correlationid: "mine", traceparent: "t", purged: "no" };
    expect(parsed(came(own))).toMatchObject(own);
  });

  test("has no datacontenttype unless it came with one", () => {
    expect(parsed(came({ data: 1 }))).not.toHaveProperty("datacontenttype");
    expect(parsed(came({ data: 1, datacontenttype: "text/json" }))).toMatchObject({ datacontenttype: "text/json" });
  });

  test("has no data unless it came with some; null is some", () => {
    expect(parsed(came({}))).not.toHaveProperty("data");
    expect(parsed(came({ data: null }))).toMatchObject({ data: null });
  });

  test("has its text as a text, its bytes as base64", () => {
    expect(parsed(came({ datacontenttype: "text/xml", data: '<much wow="xml"/>\ufeff' }))).toMatchObject({ data: '<much wow="xml"/>\ufeff' });
    expect(parsed(came({ datacontenttype: "text/xml", data: "\ufeff<a/>" }))).toMatchObject({ data: "\ufeff<a/>" });
    expect(parsed(came({ data_base64: "AP8=" }))).toMatchObject({ data_base64: "AP8=" });
    expect(parsed(came({ data_base64: "" }))).toMatchObject({ data_base64: "" });
  });
});

describe("in the API's own JSON", () => {
  test("data that is not JSON is data_base64, as bytes or as text", () => {
    for (const members of [
      { data_base64: "SGk=" },
      { datacontenttype: "text/plain", data: "Hi" },
      { datacontenttype: "application/json", data_base64: "SGk=" },
    ]) {
      const event = JSON.parse(api(came(members))) as object;
      expect(event).toMatchObject({ data_base64: "SGk=" });
      expect(event).not.toHaveProperty("data");
    }
  });

  test("all other data is data, and no data is null", () => {
    for (const [members, data] of [
      [{ data: "SGk=" }, "SGk="],
      [{}, null],
      [{ data: null }, null],
    ] as const) {
      const event = JSON.parse(api(came(members))) as object;
      expect(event).toMatchObject({ data });
      expect(event).not.toHaveProperty("data_base64");
    }
  });

  test("no metadata and no attribute passes for the note that data is base64", () => {
    const dataform = { dataform: "bytes" };
    for (const event of [
      { ...plain, metadata: { ...plain.metadata, ...dataform, cloudevent: dataform } },
      came({ ...dataform, data: 1 }),
      came({ subject: '"dataform":"bytes"', data: 1 }),
    ])
      expect(JSON.parse(api(event))).not.toHaveProperty("data_base64");
  });
});

describe("data that was purged", () => {
  test("is gone, and an extension says so", () => {
    for (const event of [plain, came({ data: 1 }), came({ data_base64: "SGk=" }), came({ datacontenttype: "text/plain", data: "Hi" }), came({})]) {
      const purged = { ...event, data: PURGED };
      expect(parsed(purged)).toMatchObject({ purged: true });
      expect(Object.keys(parsed(purged)).filter((name) => /^data(_base64)?$/.test(name))).toEqual([]);
      expect(cloudEventBatch(api(purged))).toBe(`[${cloudEventText(purged)}]`);
      expect(JSON.parse(api(purged))).toMatchObject({ purged: true });
    }
  });
});

test("a page without events is an empty batch, and what is no page is no batch", () => {
  expect(cloudEventBatch("")).toBe("[]");
  expect(() => cloudEventBatch("{")).toThrow(RangeError);
});
