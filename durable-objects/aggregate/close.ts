import { dataHash, jsonText, type RecordedEvent, STREAM_CLOSED, STREAM_PURGED } from "../../src/kernel/index.ts";
import { checkPrecondition, write } from "./append.ts";
import type { AggregatePorts, CloseRequest, Closed, Refusal } from "./contract.ts";
import { STEP, type StreamStore } from "./stream-store.ts";

/** Set once a purged stream's data is gone here and in the log. */
const EMPTIED = "emptied";

/** Closes the stream, or purges its data, by an event like any other; doing so again changes nothing. Inside the caller's transaction. */
export function close(store: StreamStore, request: CloseRequest, now: number, appended: (event: RecordedEvent) => void): Closed | Refusal {
  const { isClosed, isPurged, version } = store.memory;
  if (version === 0 || (request.purge ? isPurged : isClosed)) return { ok: true, version, isPurged };
  const refusal = checkPrecondition(request.precondition, version);
  if (refusal) return refusal;
  const data = jsonText({});
  write(
    store,
    {
      source: request.source,
      type: request.purge ? STREAM_PURGED : STREAM_CLOSED,
      schemaVersion: 1,
      metadata: request.metadata,
      data,
      dataHash: dataHash(data),
    },
    now,
    appended,
  );
  return { ok: true, version: store.memory.version, isPurged: request.purge };
}

/** The log may hold data again of what was purged: it has been set back, or refilled. Then it is emptied once more. */
export function purgeAnew(store: StreamStore): void {
  if (store.memory.isPurged && store.setting(EMPTIED) === true) store.putSetting(EMPTIED, false);
}

/**
 * Empties the data of a purged stream, here and in the log, which must have all of it by now: what came into the log later would
 * bring data back. In steps; a crash between two of them begins anew, which changes nothing.
 */
export async function emptyPurged(store: StreamStore, ports: AggregatePorts): Promise<void> {
  if (!store.memory.isPurged || store.setting(EMPTIED) === true) return;
  for (let from: number | undefined = 1; from !== undefined;) {
    const last = Math.min(from + STEP, store.memory.version) - 1;
    const ids = [...store.texts(from, last)].map(({ envelope }) => (JSON.parse(envelope) as RecordedEvent).id);
    await ports.purgeCopies(store.identity, ids);
    from = store.empty(from);
  }
  store.putSetting(EMPTIED, true);
}
