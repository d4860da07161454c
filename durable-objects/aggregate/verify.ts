import { dataHash, type EventEnvelope, eventHash, GENESIS_HASH, PURGED, type RecordedEvent } from "../../src/kernel/index.ts";
import type { AggregatePorts, Verification } from "./contract.ts";
import type { StreamStore } from "./stream-store.ts";

/** Events walked before the object lets others in. */
const STEP = 1_000;

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
  for (let start = from; start <= last; start += STEP) {
    const events = readStep(store, start, Math.min(start + STEP - 1, last));
    const inLog = events.filter((event) => event.version <= (logged?.version ?? 0));
    const copies = new Map(
      (
        await ports.copies(
          identity,
          inLog.map((event) => event.id),
        )
      ).map((copy) => [copy.version, copy]),
    );
    for (const [index, event] of events.entries()) {
      const version = start + index;
      const reason =
        event.version === version
          ? (wrongInStream(store, event, previousHash) ?? (version <= (logged?.version ?? 0) ? wrongInLog(store, event, copies.get(version)) : undefined))
          : `Version ${version} is missing.`;
      if (reason !== undefined) return { valid: false, firstBadVersion: version, reason };
      previousHash = event.hash;
    }
    if (events.length < Math.min(STEP, last - start + 1))
      return { valid: false, firstBadVersion: start + events.length, reason: `Version ${start + events.length} is missing.` };
    await scheduler.wait(0);
  }
  return { valid: true, from, to: last, lastHash: previousHash ?? GENESIS_HASH };
}

function readStep(store: StreamStore, from: number, to: number): readonly RecordedEvent[] {
  return [...store.texts(from, to)].map(({ version, envelope, data }) => ({ ...(JSON.parse(envelope) as EventEnvelope), version, data }));
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
