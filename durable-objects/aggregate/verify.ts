import { dataHash, type EventEnvelope, eventHash, GENESIS_HASH, PURGED, type RecordedEvent } from "../../src/kernel/index.ts";
import type { AggregatePorts, Verification } from "./contract.ts";
import type { StreamStore } from "./stream-store.ts";

/** Events, and characters of them, walked before the object lets others in. */
const STEP = 1_000;
const STEP_CHARACTERS = 2_000_000;

/**
 * Walks versions `from` to `to` and checks each event's data against its hash, its hash against its content, its link to its
 * predecessor, and, for what the log has, the log's copy as a whole. Ends at the first that is wrong.
 */
export async function verify(store: StreamStore, ports: AggregatePorts, from: number, to: number): Promise<Verification> {
  const { identity } = store;
  const logged = await ports.logged(identity);
  const last = Math.min(to, store.memory.version);
  if (logged && logged.version > store.memory.version) {
    return {
      valid: false,
      firstBadVersion: store.memory.version + 1,
      reason: `The log has version ${logged.version}, the stream ends at ${store.memory.version}.`,
    };
  }
  // What comes before a truncated stream's first event is not here to compare with.
  let previousHash = from <= 1 ? GENESIS_HASH : (store.envelope(from - 1)?.hash ?? store.envelope(from)?.previousHash);
  const loggedVersion = logged?.version ?? 0;
  for (let version = from; version <= last;) {
    const events = readStep(store, version, last);
    const logged = events.filter((event) => event.version <= loggedVersion).map(({ id }) => id);
    const copies = new Map((await ports.copies(identity, logged)).map((copy) => [copy.version, copy]));
    if (events.length === 0) return { valid: false, firstBadVersion: version, reason: `Version ${version} is missing.` };
    for (const event of events) {
      const reason =
        event.version === version ? wrong(store, event, previousHash, version <= loggedVersion ? copies : undefined) : `Version ${version} is missing.`;
      if (reason !== undefined) return { valid: false, firstBadVersion: version, reason };
      previousHash = event.hash;
      version++;
    }
    await scheduler.wait(0);
  }
  return { valid: true, from, to: last, lastHash: previousHash ?? GENESIS_HASH };
}

/** The next events, up to a thousand or so many characters: a long stream of large events is not held at once. */
function readStep(store: StreamStore, from: number, to: number): readonly RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let size = 0;
  for (const { version, envelope, data } of store.texts(from, Math.min(from + STEP - 1, to))) {
    events.push({ ...(JSON.parse(envelope) as EventEnvelope), version, data });
    size += data.length;
    if (size > STEP_CHARACTERS) break;
  }
  return events;
}

function wrong(
  store: StreamStore,
  event: RecordedEvent,
  previousHash: string | undefined,
  copies: ReadonlyMap<number, RecordedEvent> | undefined,
): string | undefined {
  return wrongInStream(store, event, previousHash) ?? (copies && wrongInLog(store, event, copies.get(event.version)));
}

function wrongInStream(store: StreamStore, event: RecordedEvent, previousHash: string | undefined): string | undefined {
  const wrong = wrongInItself(store, event);
  if (wrong !== undefined) return wrong;
  return event.previousHash === previousHash ? undefined : `Its previousHash is ${event.previousHash}, its predecessor's hash ${previousHash}.`;
}

function wrongInItself({ identity: { tenant }, memory }: StreamStore, event: RecordedEvent): string | undefined {
  // Emptied data is right only where a purge, which is in the chain, says so.
  const isPurged = memory.isPurged && event.version < memory.version;
  const ofData = isPurged ? event.dataHash : event.data === PURGED ? "nothing" : dataHash(event.data);
  if (ofData !== event.dataHash) return `Its data hashes to ${ofData}, its dataHash is ${event.dataHash}.`;
  const own = eventHash(tenant, event);
  return own === event.hash ? undefined : `Its content hashes to ${own}, its hash is ${event.hash}.`;
}

function wrongInLog(store: StreamStore, event: RecordedEvent, copy: RecordedEvent | undefined): string | undefined {
  if (copy === undefined) return "The log has no copy of it.";
  const wrong = wrongInItself(store, copy);
  if (wrong !== undefined) return `In the log's copy: ${wrong}`;
  return copy.hash === event.hash ? undefined : `The log's copy has the hash ${copy.hash}, the stream's ${event.hash}.`;
}
