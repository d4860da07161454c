import { canonicalJson } from "./canonical-json.ts";
import { type Hash, sha256 } from "./hash.ts";
import { type JsonText, jsonText } from "./json-text.ts";

export const PRIORITIES = ["critical", "high", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What travels beside the data. A client may set the first three and names of its own; the rest is the platform's. */
export interface EventMetadata {
  readonly correlationId: string;
  readonly causationId?: string;
  readonly priority: Priority;
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly actor: string;
  readonly [name: string]: unknown;
}

/**
 * How data came that is no JSON: as bytes, or as a text of another type (both are stored, and given, as base64), or not at all
 * (stored as null, which is not the same as data that is null).
 */
export type DataForm = "bytes" | "text" | "none";

/** What a CloudEvent carried beyond our own fields; there only for what came as one. */
export interface CloudEventAttributes {
  readonly subject?: string;
  readonly dataschema?: string;
  readonly datacontenttype?: string;
  /** Left out where the data came as JSON. */
  readonly dataform?: DataForm;
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
}

/** Everything of an event but its data. */
export interface EventEnvelope {
  readonly id: string;
  readonly stream: string;
  /** 1, 2, 3… in its stream, without gaps. */
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  /** When it happened, as the producer said (kept to the character), else `recorded`. */
  readonly time: string;
  /** When the platform took it: RFC 3339 UTC with milliseconds, never earlier than the stream's previous event. */
  readonly recorded: string;
  readonly source: string;
  readonly metadata: EventMetadata;
  readonly cloudevent?: CloudEventAttributes;
  readonly hash: Hash;
  readonly previousHash: Hash;
  readonly dataHash: Hash;
}

/** The last event of a stream that was closed, and of one whose data was purged. */
export const STREAM_CLOSED = "rivulet.StreamClosed";
export const STREAM_PURGED = "rivulet.StreamPurged";

/** What stands for data that was purged: no JSON text is empty. */
export const PURGED = "" as JsonText;

/** A fact as it is kept: an envelope, and its data as the JSON that came. */
export interface RecordedEvent extends EventEnvelope {
  readonly data: JsonText;
}

/** An event in its tenant's log. */
export interface LoggedEvent extends RecordedEvent {
  /** 1, 2, 3… in its tenant, without gaps. */
  readonly position: number;
  /** Random, made when it came into the log: as long as it is the same, nothing before it has changed. The log's own, and not shown. */
  readonly entry?: string;
}

/**
 * The hash that chains an event to its predecessor: SHA-256 over the canonical form (RFC 8785) of everything but the data,
 * which stands in by its own hash, so that the chain still verifies when the data is purged.
 */
export function eventHash(tenant: string, event: Omit<EventEnvelope, "hash">): Hash {
  const { previousHash, dataHash, stream, version, id, type, schemaVersion, time, recorded, source, metadata, cloudevent } = event;
  // The names are known, so they stand here in their canonical order, and the strings in JSON's own escapes, which are the canonical
  // ones: half the cost of sorting them anew for each event.
  const extra = cloudevent === undefined ? "" : `"cloudevent":${canonicalJson(cloudevent)},`;
  return sha256(
    `{${extra}"dataHash":${text(dataHash)},"id":${text(id)},"metadata":${canonicalMetadata(metadata)},"previousHash":${text(previousHash)},"recorded":${text(recorded)},` +
      `"schemaVersion":${schemaVersion},"source":${text(source)},"stream":${text(stream)},"tenant":${text(tenant)},"time":${text(time)},"type":${text(type)},"v":1,"version":${version}}`,
  );
}

const text = JSON.stringify as (value: string) => string;

/** An event's metadata as it is stored and sent. */
export function metadataText(metadata: EventMetadata): JsonText {
  const texts = textsOf(metadata);
  return (texts.stored ??= jsonText(metadata));
}

function canonicalMetadata(metadata: EventMetadata): string {
  const texts = textsOf(metadata);
  return (texts.canonical ??= canonicalJson(metadata));
}

interface Texts {
  readonly metadata: EventMetadata;
  stored?: JsonText;
  canonical?: string;
}

/** The metadata that was last asked for, and what was written out of it: the events of a request share theirs, so it is written out once for all of them. */
let known: Texts | undefined;

function textsOf(metadata: EventMetadata): Texts {
  if (known?.metadata !== metadata) known = { metadata };
  return known;
}

/** The envelope as it is stored and sent: JSON, in the contract's order of names. */
export function envelopeText(event: EventEnvelope): JsonText {
  const { id, stream, version, type, schemaVersion, time, recorded, source, metadata, cloudevent, hash, previousHash, dataHash } = event;
  const extra = cloudevent === undefined ? "" : `"cloudevent":${jsonText(cloudevent)},`;
  return (`{"id":${text(id)},"stream":${text(stream)},"version":${version},"type":${text(type)},"schemaVersion":${schemaVersion},"time":${text(time)},` +
    `"recorded":${text(recorded)},"source":${text(source)},"metadata":${metadataText(metadata)},${extra}` +
    `"hash":${text(hash)},"previousHash":${text(previousHash)},"dataHash":${text(dataHash)}}`) as JsonText;
}

/** An event as the API gives it, put together from texts alone: the data is never parsed on its way out. */
export function eventText(envelope: JsonText, data: JsonText, position?: number): JsonText {
  const head = position === undefined ? envelope.slice(0, -1) : `{"position":${position},${envelope.slice(1, -1)}`;
  return (data === PURGED ? `${head},"purged":true}` : `${head},"${isBase64(envelope) ? "data_base64" : "data"}":${data}}`) as JsonText;
}

/** Whether an event's data is the base64 of what is no JSON. Metadata may hold the same name, so a parse decides; but only where the name is there. */
function isBase64(envelope: JsonText): boolean {
  if (!envelope.includes('"dataform":')) return false;
  const form = (JSON.parse(envelope) as EventEnvelope).cloudevent?.dataform;
  return form === "bytes" || form === "text";
}
