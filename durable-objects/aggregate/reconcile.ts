import type { AggregatePorts, LoggedStream, Reconciled } from "./contract.ts";
import type { StreamStore } from "./stream-store.ts";

/**
 * Compares the stream with the log: is what was appended there? For a stream that the log has forgotten (its database was lost, or
 * set back) nobody would ask otherwise, since its outbox let go long ago. With `repair`, a stream that is marked as forked and tells the
 * log's history again, since one of the two was brought back, is marked no more; nothing else is written.
 */
export async function compareWithLog(store: StreamStore, ports: AggregatePorts, repair: boolean): Promise<Reconciled> {
  const { identity } = store;
  if (identity.stream === "" || store.memory.version === 0) return { state: "empty" };
  const logged = await ports.logged(identity);
  const { version } = store.memory;
  const compared = { ...identity, version, loggedVersion: logged?.version ?? 0 };
  const isLifted = repair && logged?.forked !== null && logged !== undefined && agrees(store, logged);
  if (isLifted) await ports.unmarkForked(identity, logged);
  const reason = (isLifted ? undefined : logged?.forked) ?? conflict(store, logged);
  if (reason !== undefined) return { ...compared, state: "forked", reason };
  if (compared.loggedVersion >= version) return { ...compared, state: "complete" };
  const first = store.firstVersion();
  if (compared.loggedVersion + 1 < first) {
    return {
      ...compared,
      state: "lost",
      reason: `The log lacks versions from ${compared.loggedVersion + 1} on, the stream was truncated and begins at ${first}.`,
    };
  }
  return { ...compared, state: "behind" };
}

/** Why the log can never have all of the stream again: it lacks versions that the stream no longer keeps. Undefined where it does not. */
export function lostBeginning(store: StreamStore, loggedVersion: number): string | undefined {
  const first = store.firstVersion();
  if (loggedVersion + 1 >= first) return undefined;
  return `The log lacks versions from ${loggedVersion + 1} on, the stream was truncated and begins at ${first}.`;
}

/** Whether the stream goes on from where the log ends: the hash there is that of all that came before it. */
function agrees(store: StreamStore, { version, hash }: LoggedStream): boolean {
  return version <= store.memory.version && ownHash(store, version) === hash;
}

function ownHash(store: StreamStore, version: number): string | undefined {
  return store.envelope(version)?.hash ?? store.envelope(version + 1)?.previousHash;
}

function conflict(store: StreamStore, logged: { readonly version: number; readonly hash: string } | undefined): string | undefined {
  if (logged === undefined) return undefined;
  if (logged.version > store.memory.version) return `The log has version ${logged.version}, the stream ends at ${store.memory.version}.`;
  const own = ownHash(store, logged.version);
  return own === undefined || own === logged.hash ? undefined : `At version ${logged.version} the log has ${logged.hash}, the stream ${own}.`;
}
