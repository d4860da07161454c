import { dataHash, eventHash, GENESIS_HASH, STREAM_CLOSED, STREAM_PURGED } from "../../../src/kernel/index.ts";
import type { FinalState, StoredStream } from "./final-state.ts";

/** Versions without gaps, a chain that holds, nothing after the end; what a purge or retention takes is gone. */
export function* checkStreams({ streams, histories }: FinalState, setBack: ReadonlySet<string>): Generator<string> {
  for (const stream of streams) {
    yield* checkChain(stream);
    yield* checkEnd(stream);
    // What waits for the log to have it waits for ever where the log takes no more of it.
    if (setBack.has(stream.name)) continue;
    yield* checkRetention(stream);
    yield* checkPurge(stream);
    const history = histories.get(stream.name) ?? [];
    if (history.length > 0 && history[0]?.version !== 1) yield `${stream.name} begins at version ${history[0]?.version}, and the log has nothing before it`;
  }
}

function* checkChain({ name, tenant, events }: StoredStream): Generator<string> {
  const isPurged = events.at(-1)?.type === STREAM_PURGED;
  let previous = events[0]?.version === 1 ? GENESIS_HASH : events[0]?.previousHash;
  for (const [index, event] of events.entries()) {
    const at = `${name} version ${event.version}`;
    if (event.version !== (events[0]?.version ?? 1) + index) yield `${at} stands where version ${(events[0]?.version ?? 1) + index} belongs`;
    if (event.previousHash !== previous) yield `${at} does not continue its predecessor`;
    if (event.hash !== eventHash(tenant, event)) yield `${at} has another hash than its content`;
    const isEmptied = isPurged && index < events.length - 1;
    if (!(isEmptied && event.data === "") && event.dataHash !== (event.data === "" ? "nothing" : dataHash(event.data)))
      yield `${at} has other data than its dataHash`;
    previous = event.hash;
  }
}

function* checkPurge({ name, events }: StoredStream): Generator<string> {
  if (events.at(-1)?.type !== STREAM_PURGED) return;
  const kept = events.slice(0, -1).find(({ data }) => data !== "");
  if (kept !== undefined) yield `${name} version ${kept.version} still has its data after the purge`;
}

function* checkEnd({ name, events }: StoredStream): Generator<string> {
  for (const [index, { type, version }] of events.entries()) {
    const next = events[index + 1];
    if (next === undefined) continue;
    if (type === STREAM_PURGED) yield `${name} goes on at version ${next.version}, after it was purged at ${version}`;
    if (type === STREAM_CLOSED && next.type !== STREAM_PURGED) yield `${name} goes on at version ${next.version}, after it was closed at ${version}`;
  }
}

function* checkRetention({ name, events, settings }: StoredStream): Generator<string> {
  const retention = settings.get("retention") as { maxCount: number } | undefined;
  if (retention !== undefined && events.length > retention.maxCount) yield `${name} keeps ${events.length} events, its retention ${retention.maxCount}`;
}
