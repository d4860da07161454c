import { describe, expect, test } from "vitest";
import { type CloudEvent, type CloudEventsRead, readCloudEvent, readCloudEventBatch } from "../../src/kernel/index.ts";

/**
 * The cases of the CNCF's conformance suite for the JSON format, by the names they have there, with values of our own
 * (https://github.com/cloudevents/conformance/tree/main/format/json). What the suite calls golden samples is compared by its meaning.
 */
const minimal = { specversion: "1.0", id: "m-1", type: "org.example.tested", source: "https://example.org" };
const allCore = { ...minimal, datacontenttype: "text/plain", dataschema: "https://example.org/schema", subject: "tests", time: "2026-04-05T17:31:00Z" };
const allExtensionTypes = {
  ...minimal,
  extinteger: 10,
  extboolean: true,
  extstring: "text",
  exturi: "https://example.org",
  exturiref: "//authority/path",
  exttimestamp: "2026-03-31T15:12:00Z",
  extbinary: "TWE=",
};

const one = (event: unknown): CloudEventsRead => readCloudEvent(JSON.stringify(event));
const batch = (events: unknown): CloudEventsRead => readCloudEventBatch(JSON.stringify(events));
const taken = (read: CloudEventsRead): readonly CloudEvent[] => (read.ok ? read.events : []);
const without = (name: string): object => Object.fromEntries(Object.entries(minimal).filter(([each]) => each !== name));

describe("a valid event of the suite is taken", () => {
  test.each<[name: string, event: object, taken: object]>([
    ["validMinimal", minimal, { id: "m-1", source: "https://example.org", type: "org.example.tested" }],
    [
      "validMinimalWithNullForOptional",
      { ...minimal, datacontenttype: null, dataschema: null, subject: null, time: null },
      { cloudevent: { dataform: "none" } },
    ],
    [
      "validAllCoreAttributes",
      allCore,
      { time: allCore.time, cloudevent: { subject: "tests", dataschema: allCore.dataschema, datacontenttype: "text/plain" } },
    ],
    ["validMinimalWithTimeUtc", { ...minimal, time: "2026-04-05T17:31:00Z" }, { time: "2026-04-05T17:31:00Z" }],
    ["validMinimalWithTimeToNanosecondsUtc", { ...minimal, time: "2026-04-05T17:31:00.000000000Z" }, { time: "2026-04-05T17:31:00.000000000Z" }],
    ["validMinimalWithTimeUsingPositiveOffset", { ...minimal, time: "2026-04-05T18:31:00+01:00" }, { time: "2026-04-05T18:31:00+01:00" }],
    ["validMinimalWithTimeUsingNegativeOffset", { ...minimal, time: "2026-04-05T16:31:00-01:00" }, { time: "2026-04-05T16:31:00-01:00" }],
    ["validRelativeSource", { ...minimal, source: "#fragment" }, { source: "#fragment" }],
    [
      "validSimpleTextData",
      { ...minimal, datacontenttype: "text/plain", data: "Simple text" },
      { data: '"U2ltcGxlIHRleHQ="', cloudevent: { dataform: "text" } },
    ],
    ["validAllExtensionTypes", allExtensionTypes, { cloudevent: { extensions: { extinteger: 10, extboolean: true, extstring: "text", extbinary: "TWE=" } } }],
  ])("%s", (_, event, taken) => {
    expect(one(event)).toMatchObject({ ok: true, events: [taken] });
  });
});

describe("an invalid event of the suite is refused, with the name of what is wrong", () => {
  test.each<[name: string, event: object, path: string]>([
    ["invalidNoSpecVersion", without("specversion"), "specversion"],
    ["invalidNoId", without("id"), "id"],
    ["invalidNoType", without("type"), "type"],
    ["invalidNoSource", without("source"), "source"],
    ["invalidTimeGarbage", { ...minimal, time: "noon" }, "time"],
    ["invalidTimeToMinute", { ...minimal, time: "2026-04-05T18:31Z" }, "time"],
    ["invalidTimeOffsetX", { ...minimal, time: "2026-04-05T18:31:00X" }, "time"],
    ["invalidTimeOffsetOutOfRange", { ...minimal, time: "2026-04-05T18:31:00+25:00" }, "time"],
    ["invalidTimeOffsetNonInteger", { ...minimal, time: "2026-04-05T18:31:00+xx:00" }, "time"],
    ["invalidTimeOffsetHourOnly", { ...minimal, time: "2026-04-05T18:31:00+05" }, "time"],
    ["invalidEmptyId", { ...minimal, id: "" }, "id"],
    ["invalidEmptyType", { ...minimal, type: "" }, "type"],
    ["invalidEmptySource", { ...minimal, source: "" }, "source"],
    ["invalidEmptySpecVersion", { ...minimal, specversion: "" }, "specversion"],
    ["invalidUnknownSpecVersion", { ...minimal, specversion: "0.9" }, "specversion"],
    ["invalidNonRfc2046DataContentType", { ...minimal, datacontenttype: "xyz" }, "datacontenttype"],
    ["invalidEmptyDataContentType", { ...minimal, datacontenttype: "" }, "datacontenttype"],
    ["invalidEmptyDataSchema", { ...minimal, dataschema: "" }, "dataschema"],
    ["invalidEmptySubject", { ...minimal, subject: "" }, "subject"],
    ["invalidNumericId", { ...minimal, id: 25 }, "id"],
    ["invalidObjectId", { ...minimal, id: { a: "b" } }, "id"],
    ["invalidCapitalizedExtension", { ...minimal, MyExtension: "bad" }, "MyExtension"],
    ["invalidPunctuatedExtension", { ...minimal, "my.extension": "bad" }, "my.extension"],
    ["invalidNonIntegerExtensionValue", { ...minimal, myextension: 1.5 }, "myextension"],
    ["invalidBothDataAndDataBase64", { ...minimal, data: "text", data_base64: "eyAieHl6IjogMTIzIH0=" }, "data_base64"],
  ])("%s", (_, event, path) => {
    expect(one(event)).toEqual({ ok: false, errors: [{ path, message: expect.stringMatching(/^Expected/) }] });
  });
});

describe("a batch of the suite", () => {
  test.each<[name: string, events: object[]]>([
    ["validBatchEmpty", []],
    ["validBatchMinimal", [minimal]],
    ["validBatchMinimal2", [minimal, minimal]],
    ["validBatchMinimalAndAllCore", [minimal, allCore]],
    ["validBatchMinimalAndAllExtensionTypes", [minimal, allExtensionTypes]],
  ])("%s is read", (_, events) => {
    const read = batch(events);
    expect(read.ok && read.events.length).toBe(events.length);
    expect(read).toEqual({ ok: true, events: events.flatMap((event) => taken(one(event))) });
  });

  test.each<[name: string, events: unknown[], path: string]>([
    ["invalidBatchMixedSpecVersions", [minimal, { ...minimal, specversion: "0.9" }], "[1].specversion"],
    ["invalidBatchContainingInvalidCloudEvent", [without("id")], "[0].id"],
    ["invalidBatchContainingNonObject", ["not an object", minimal], "[0]"],
  ])("%s is refused", (_, events, path) => {
    expect(batch(events)).toMatchObject({ ok: false, errors: [{ path }] });
  });
});
