import * as fc from "fast-check";
import {
  type CloudEventAttributes,
  dataHash,
  eventHash,
  type EventMetadata,
  GENESIS_HASH,
  type JsonText,
  PRIORITIES,
  type RecordedEvent,
  sha256,
} from "../../../src/kernel/index.ts";
import { json } from "./json-texts.ts";

/** A stream's consecutive events, chained by their hashes. */
export interface StreamEvents {
  readonly tenant: string;
  readonly stream: string;
  readonly events: readonly RecordedEvent[];
}

/** What of an event is not given by its place in the stream; no `time` means that it is `recorded`. */
export type EventParts = Pick<RecordedEvent, "id" | "type" | "schemaVersion" | "recorded" | "source" | "metadata" | "data"> & {
  readonly time?: string;
  readonly cloudevent?: CloudEventAttributes;
};

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,11}$/);
const text = fc.string({ unit: "binary", maxLength: 20 });
/** Metadata, attributes and values come from JSON, so they are what JSON.parse gives. */
const fromJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

export const tenantId: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9-]{1,20}$/);
export const streamName: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9_]{0,9}-[A-Za-z0-9_~:-]{1,20}$/);
export const time: fc.Arbitrary<string> = fc
  .date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString());

export const metadata: fc.Arbitrary<EventMetadata> = fc
  .tuple(
    fc.dictionary(fc.oneof(word, fc.constantFrom("1", "0", "__proto__", "constructor")), fc.jsonValue({ stringUnit: "binary", maxDepth: 2 }), { maxKeys: 3 }),
    fc.record(
      { correlationId: text, causationId: text, priority: fc.constantFrom(...PRIORITIES), traceparent: text, actor: text },
      { requiredKeys: ["correlationId", "priority", "traceparent", "actor"] },
    ),
  )
  .map(([own, known]) => fromJson({ ...own, ...known }));

export const cloudevent: fc.Arbitrary<CloudEventAttributes> = fc
  .record(
    {
      subject: text,
      dataschema: text,
      datacontenttype: text,
      extensions: fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean()), { maxKeys: 3 }),
    },
    { requiredKeys: [] },
  )
  .map(fromJson);

const parts = (shared: fc.Arbitrary<EventMetadata>): fc.Arbitrary<EventParts> =>
  fc.record(
    {
      id: text,
      type: fc.tuple(word, word).map((words) => words.join(".")),
      schemaVersion: fc.integer({ min: 1, max: 9 }),
      time: fc.oneof(time, fc.constantFrom("2026-11-20T11:00:00+01:00", "2026-11-20T10:00:00Z")),
      recorded: fc.oneof(fc.constant("2026-11-20T10:00:00.120Z"), time),
      source: fc.oneof(fc.constant("/v1"), text),
      metadata: fc.oneof(shared, metadata),
      cloudevent,
      data: json.map(({ tight }) => tight as JsonText),
    },
    { requiredKeys: ["id", "type", "schemaVersion", "recorded", "source", "metadata", "data"] },
  );

/** Gives events their place in a stream: versions from `first` on, and hashes. */
export function chained(tenant: string, stream: string, list: readonly EventParts[], first = 1): readonly RecordedEvent[] {
  let previousHash = first === 1 ? GENESIS_HASH : sha256(`the event before ${first}`);
  return list.map(({ time, ...rest }, index) => {
    const event = { ...rest, time: time ?? rest.recorded, stream, version: first + index, previousHash, dataHash: dataHash(rest.data) };
    const hash = eventHash(tenant, event);
    previousHash = hash;
    return { ...event, hash };
  });
}

/** Consecutive events of a stream, from its first on or from later. */
export function streamEvents(size: { readonly minLength: number; readonly maxLength: number }): fc.Arbitrary<StreamEvents> {
  return metadata
    .chain((shared) => fc.tuple(tenantId, streamName, fc.array(parts(fc.constant(shared)), size), fc.integer({ min: 1, max: 1_000_000 })))
    .map(([tenant, stream, list, first]) => ({ tenant, stream, events: chained(tenant, stream, list, first) }));
}

/** One event of a stream. */
export const recordedEvent: fc.Arbitrary<{ readonly tenant: string; readonly event: RecordedEvent }> = streamEvents({ minLength: 1, maxLength: 1 }).map(
  ({ tenant, events }) => ({ tenant, event: events[0] as RecordedEvent }),
);
