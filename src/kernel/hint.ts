import { Buffer } from "node:buffer";
import { type Hash } from "./hash.ts";
import type { JsonText } from "./json-text.ts";
import type { CloudEventAttributes, EventMetadata, RecordedEvent } from "./recorded-event.ts";

/** Where a stream's history ends: the last version and its hash. */
export interface StreamHead {
  readonly version: number;
  readonly hash: Hash;
}

/**
 * A message from a stream's outbox to the projector. Only a hint: it may be lost, repeated or overtaken, and it may leave out
 * the events, which the projector then fetches from the object.
 */
export interface Hint {
  readonly shard: number;
  readonly tenant: string;
  readonly stream: string;
  readonly head: StreamHead;
  /** Consecutive events of this stream, perhaps none. */
  readonly events: readonly RecordedEvent[];
}

/** A queue operation is billed per 64 KB, so a message is kept just under that. */
const MESSAGE_BYTES = 64_000;
/** One `sendBatch` takes 256 KB; what needs more goes by name alone. */
const MAX_MESSAGES = 3;

/** An event in a message, by place: what it shares with its stream, its predecessor or the message's first event is left out (0). */
type PackedEvent = readonly [
  id: string,
  type: string,
  time: string | 0,
  hash: string,
  dataHash: string,
  schemaVersion: number,
  recorded: string | 0,
  source: string | 0,
  metadata: EventMetadata | 0,
  cloudevent: CloudEventAttributes | 0,
];

/** The first line of a message. */
interface Frame {
  readonly form: 1;
  readonly shard: number;
  readonly tenant: string;
  readonly stream: string;
  readonly head: StreamHead;
  /** Of the first event; left out where there is none. */
  readonly first?: Pick<RecordedEvent, "version" | "previousHash" | "recorded" | "source" | "metadata">;
}

/**
 * The messages for new events of one stream, packed into as few as will hold them. What would take more than three messages of
 * 64,000 bytes (among it any event too large for a message) becomes one hint with the head alone.
 *
 * A message is lines: the frame, then for each event what it does not share, and its data. JSON without white space has no line
 * breaks, so data travels as it is, unescaped.
 */
export function packHints(hint: Hint): readonly string[] {
  const { shard, tenant, stream, head } = hint;
  const frame: Frame = { form: 1, shard, tenant, stream, head };
  const messages: string[] = [];
  let rest = hint.events;
  while (rest.length > 0) {
    const message = messages.length < MAX_MESSAGES ? packMessage(frame, rest) : undefined;
    if (message === undefined) return [JSON.stringify(frame)];
    messages.push(message.text);
    rest = rest.slice(message.count);
  }
  return messages.length === 0 ? [JSON.stringify(frame)] : messages;
}

function packMessage(frame: Frame, events: readonly RecordedEvent[]): { text: string; count: number } | undefined {
  const first = events[0] as RecordedEvent;
  const { version, previousHash, recorded, source, metadata } = first;
  const lines = [JSON.stringify({ ...frame, first: { version, previousHash, recorded, source, metadata } } satisfies Frame)];
  let bytes = Buffer.byteLength(lines[0] as string);
  for (const event of events) {
    const line = JSON.stringify(packEvent(event, first));
    bytes += Buffer.byteLength(line) + Buffer.byteLength(event.data) + 2;
    if (bytes > MESSAGE_BYTES) break;
    lines.push(line, event.data);
  }
  return lines.length === 1 ? undefined : { text: lines.join("\n"), count: (lines.length - 1) / 2 };
}

function packEvent(event: RecordedEvent, first: RecordedEvent): PackedEvent {
  return [
    event.id,
    event.type,
    event.time === event.recorded ? 0 : event.time,
    event.hash.slice(7),
    event.dataHash.slice(7),
    event.schemaVersion,
    event.recorded === first.recorded ? 0 : event.recorded,
    event.source === first.source ? 0 : event.source,
    isSame(event.metadata, first.metadata) ? 0 : event.metadata,
    event.cloudevent ?? 0,
  ];
}

function isSame(one: EventMetadata, other: EventMetadata): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Reads a message back; undefined for a form that this code does not know, which is then left to newer code. */
export function unpackHint(text: string): Hint | undefined {
  try {
    const [frameLine, ...lines] = text.split("\n");
    const frame = JSON.parse(frameLine as string) as Frame;
    const { form, shard, tenant, stream, head } = frame;
    if (form !== 1 || typeof tenant !== "string" || typeof stream !== "string" || typeof head.version !== "number") return undefined;
    return { shard, tenant, stream, head, events: unpackEvents(frame, lines) };
  } catch {
    return undefined;
  }
}

function unpackEvents({ stream, first }: Frame, lines: readonly string[]): readonly RecordedEvent[] {
  if (first === undefined) return [];
  const events: RecordedEvent[] = [];
  let previousHash = first.previousHash;
  for (let line = 0; line < lines.length; line += 2) {
    const [id, type, time, hash, dataHash, schemaVersion, ownRecorded, source, metadata, cloudevent] = JSON.parse(lines[line] as string) as PackedEvent;
    const recorded = ownRecorded === 0 ? first.recorded : ownRecorded;
    const event: RecordedEvent = {
      id,
      stream,
      version: first.version + events.length,
      type,
      schemaVersion,
      time: time === 0 ? recorded : time,
      recorded,
      source: source === 0 ? first.source : source,
      metadata: metadata === 0 ? first.metadata : metadata,
      ...(cloudevent === 0 ? {} : { cloudevent }),
      hash: `sha256:${hash}`,
      previousHash,
      dataHash: `sha256:${dataHash}`,
      data: lines[line + 1] as JsonText,
    };
    events.push(event);
    previousHash = event.hash;
  }
  return events;
}
