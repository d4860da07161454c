import * as fc from "fast-check";
import type { CloudEvent, CloudEventsRead, RecordedEvent } from "../../../src/kernel/index.ts";
import { json } from "./json-texts.ts";
import { chained } from "./recorded-events.ts";

/** Texts that CloudEvents allow: no control characters, noncharacters or lone surrogates. */
export const text: fc.Arbitrary<string> = fc
  .string({ unit: "binary", maxLength: 12 })
  .map((value) => value.toWellFormed().replace(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu, "_"));
const someText = text.map((value) => `${value}x`);
const name = fc.oneof(fc.stringMatching(/^[a-z0-9]{1,24}$/), fc.constantFrom("constructor", "stream", "sequence", "correlationid", "traceparent", "7"));
const RESERVED = new Set(["data", "specversion", "id", "source", "type", "time", "subject", "dataschema", "datacontenttype"]);

/** Attributes as JSON has them, the required ones among them; some that may be left out are null. */
export const attributes: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .tuple(
    fc.record(
      {
        specversion: fc.constant("1.0"),
        id: someText,
        source: fc.oneof(fc.webUrl(), fc.constantFrom("/s", "#f", "urn:a:b", "1-555")),
        type: someText,
        subject: fc.oneof(someText, fc.constant(null)),
        time: fc.constantFrom("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123456789+02:00", "1990-12-31t23:59:60z", null),
        dataschema: fc.constantFrom("https://example.org/s?v=1", "urn:x:y", null),
      },
      { requiredKeys: ["specversion", "id", "source", "type"] },
    ),
    fc.dictionary(
      name.filter((each) => !RESERVED.has(each)),
      fc.oneof(text, fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }), fc.boolean(), fc.constant(null)),
      { maxKeys: 4 },
    ),
  )
  .map(([core, extensions]) => ({ ...extensions, ...core }));

/** Members that say what the data is: JSON, text, bytes, or none; `written` is the exact text that a reader is to get back. */
const dataMembers = fc.oneof(
  fc.tuple(json, fc.constantFrom(undefined, "application/json", "a/b+json; c=d")).map(([{ tight }, type]) => ({ type, written: `"data":${tight}` })),
  fc.tuple(fc.string({ unit: "binary" }), fc.constantFrom("text/plain", "application/xml; charset=utf-8")).map(([data, type]) => ({
    type,
    written: `"data":${JSON.stringify(data.toWellFormed())}`,
  })),
  fc.tuple(fc.uint8Array(), fc.constantFrom(undefined, "application/json", "image/png")).map(([bytes, type]) => ({
    type,
    written: `"data_base64":"${Buffer.from(bytes).toString("base64")}"`,
  })),
  fc.constantFrom(undefined, "text/plain").map((type) => ({ type, written: undefined })),
);

/** A valid CloudEvent as it may be written, and what must come back: its attributes, and its data to the character. */
export const written: fc.Arbitrary<{ readonly text: string; readonly members: Readonly<Record<string, unknown>>; readonly data: string | undefined }> = fc
  .tuple(attributes, dataMembers, fc.boolean())
  .map(([given, { type, written: data }, isLoose]) => {
    const members = { ...given, ...(type !== undefined && { datacontenttype: type }) };
    const parts = [JSON.stringify(members, null, isLoose ? 1 : undefined).slice(0, -1), ...(data === undefined ? [] : [data])];
    return { text: `${parts.join(",")}}`, members: Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)), data };
  });

/** The only event of a reading that is expected to succeed. */
export function onlyEvent(read: CloudEventsRead): CloudEvent {
  if (!read.ok || read.events.length !== 1) throw new Error(`expected one event, got ${JSON.stringify(read)}`);
  return read.events[0] as CloudEvent;
}

/** A CloudEvent as it is once recorded. */
export function recorded({ id, source, type, time, cloudevent, data }: CloudEvent, more: Partial<Parameters<typeof chained>[2][number]> = {}): RecordedEvent {
  const parts = { id, source, type, ...(time !== undefined && { time }), cloudevent, data, schemaVersion: 1, recorded: "2026-11-20T10:00:00.120Z" };
  const noted = { correlationId: "c-1", priority: "normal", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", actor: "key:ci" } as const;
  return chained("default", "note-n1", [{ ...parts, metadata: noted, ...more }])[0] as RecordedEvent;
}
