import { type EventEnvelope, eventText, type RecordedEvent } from "../../src/kernel/index.ts";
import type { ReadRequest, StreamDescription, StreamPage, StreamTail } from "./contract.ts";
import { firstVersion, RETENTION, type Retention } from "./retention.ts";
import { snapshotVersion } from "./snapshot.ts";
import type { StreamStore } from "./stream-store.ts";

const encoder = new TextEncoder();

/** A page of the stream as bytes: the stored texts joined, never parsed. At least one event, then no more than `maxBytes`. */
export function read(store: StreamStore, request: ReadRequest, now: number): StreamPage {
  const { limit, direction, maxBytes } = request;
  const { version } = store.memory;
  const first = firstVersion(store, now);
  const from = request.from ?? first;
  const to = request.to ?? version;
  const page = { version, firstVersion: first };
  // Only what was asked for can be gone: an end that nobody named moves with what is there.
  if (Math.min(request.from ?? first, request.to ?? first) < first) return { ...page, isGone: true, items: new Uint8Array(), count: 0, next: null };
  const joined = store.joined({ ...request, from, to });
  if (joined) {
    const next = direction === "forward" ? from + joined.count : Math.min(to, version) - joined.count;
    return { ...page, isGone: false, ...joined, next: next >= from && next <= Math.min(to, version) ? next : null };
  }
  const texts: string[] = [];
  let size = 0;
  let next: number | null = null;
  for (const { version, envelope, data } of store.texts(from, to, direction)) {
    const text = eventText(envelope, data);
    size += Buffer.byteLength(text) + 1;
    if (texts.length === limit || (texts.length > 0 && size > maxBytes)) {
      next = version;
      break;
    }
    texts.push(text);
  }
  return {
    ...page,
    isGone: false,
    items: encoder.encode(request.asLines ? texts.map((text) => `${text}\n`).join("") : texts.join(",")),
    count: texts.length,
    next,
  };
}

/** The events after a version, for the projector: at least one, then no more than `maxCharacters` of envelope and data. */
export function eventsAfter(store: StreamStore, after: number, maxCharacters: number): StreamTail {
  const { version, hash } = store.memory;
  const events: RecordedEvent[] = [];
  let size = 0;
  for (const { envelope, data } of store.texts(after + 1, version)) {
    size += envelope.length + data.length;
    if (events.length > 0 && size > maxCharacters) break;
    events.push({ ...(JSON.parse(envelope) as EventEnvelope), data });
  }
  return { head: { version, hash }, events };
}

/** Undefined for a stream that nothing was ever appended to. */
export function describe(store: StreamStore, now: number): StreamDescription | undefined {
  const { version, hash, recorded, isClosed } = store.memory;
  if (version === 0) return undefined;
  const createdAt = store.envelope(store.firstVersion())?.recorded ?? recorded;
  const retention = store.setting<Retention>(RETENTION) ?? null;
  return {
    version,
    hash,
    firstVersion: firstVersion(store, now),
    createdAt,
    updatedAt: recorded,
    isClosed,
    snapshotVersion: snapshotVersion(store),
    retention,
  };
}
