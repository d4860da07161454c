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
  data: JsonText,
  schemaVersion: number,
  recorded: string | 0,
  source: string | 0,
  metadata: EventMetadata | 0,
  cloudevent: CloudEventAttributes | 0,
];

interface PackedHint {
  readonly form: 1;
  readonly shard: number;
  readonly tenant: string;
  readonly stream: string;
  readonly head: StreamHead;
  readonly first: number;
  readonly previousHash: string;
  readonly recorded: string;
  readonly source: string;
  readonly metadata: EventMetadata | null;
  readonly events: readonly PackedEvent[];
}

/**
 * The messages for new events of one stream, packed into as few as will hold them. What would take more than three messages of
 * 64,000 bytes (among it any event too large for a message) becomes one hint with the head alone.
 */
export function packHints(hint: Hint): readonly string[] {
  const messages: string[] = [];
  let rest = hint.events;
  while (rest.length > 0) {
    const message = packMessage(hint, rest);
    if (message === undefined || messages.length === MAX_MESSAGES) return [headOnly(hint)];
    messages.push(message.text);
    rest = rest.slice(message.count);
  }
  return messages.length === 0 ? [headOnly(hint)] : messages;
}

function headOnly({ shard, tenant, stream, head }: Hint): string {
  return JSON.stringify({
    form: 1,
    shard,
    tenant,
    stream,
    head,
    first: 0,
    previousHash: "",
    recorded: "",
    source: "",
    metadata: null,
    events: [],
  } satisfies PackedHint);
}

function packMessage(hint: Hint, events: readonly RecordedEvent[]): { text: string; count: number } | undefined {
  const first = events[0] as RecordedEvent;
  const { shard, tenant, stream, head } = hint;
  const { previousHash, recorded, source, metadata } = first;
  const shared = JSON.stringify(metadata);
  const frame = JSON.stringify({
    form: 1,
    shard,
    tenant,
    stream,
    head,
    first: first.version,
    previousHash,
    recorded,
    source,
    metadata,
    events: [],
  } satisfies PackedHint);
  let bytes = Buffer.byteLength(frame);
  const packed: string[] = [];
  for (const event of events) {
    const text = JSON.stringify(packEvent(event, first, shared));
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > MESSAGE_BYTES) break;
    packed.push(text);
  }
  return packed.length === 0 ? undefined : { text: `${frame.slice(0, -2)}${packed.join(",")}]}`, count: packed.length };
}

function packEvent(event: RecordedEvent, first: RecordedEvent, shared: string): PackedEvent {
  return [
    event.id,
    event.type,
    event.time === event.recorded ? 0 : event.time,
    event.hash.slice(7),
    event.dataHash.slice(7),
    event.data,
    event.schemaVersion,
    event.recorded === first.recorded ? 0 : event.recorded,
    event.source === first.source ? 0 : event.source,
    JSON.stringify(event.metadata) === shared ? 0 : event.metadata,
    event.cloudevent ?? 0,
  ];
}

/** Reads a message back; undefined for a form that this code does not know, which is then left to newer code. */
export function unpackHint(text: string): Hint | undefined {
  const packed = parsed(text);
  if (packed?.form !== 1) return undefined;
  const { shard, tenant, stream, head } = packed;
  let previousHash = packed.previousHash;
  const events = packed.events.map((event, index): RecordedEvent => {
    const [id, type, time, hash, dataHash, data, schemaVersion, ownRecorded, source, metadata, cloudevent] = event;
    const recorded = ownRecorded === 0 ? packed.recorded : ownRecorded;
    const unpacked = {
      id,
      stream,
      version: packed.first + index,
      type,
      schemaVersion,
      time: time === 0 ? recorded : time,
      recorded,
      source: source === 0 ? packed.source : source,
      metadata: metadata === 0 ? (packed.metadata as EventMetadata) : metadata,
      ...(cloudevent === 0 ? {} : { cloudevent }),
      hash: `sha256:${hash}`,
      previousHash,
      dataHash: `sha256:${dataHash}`,
      data,
    };
    previousHash = unpacked.hash;
    return unpacked;
  });
  return { shard, tenant, stream, head, events };
}

function parsed(text: string): PackedHint | undefined {
  try {
    return JSON.parse(text) as PackedHint;
  } catch {
    return undefined;
  }
}
