import type { AggregatePorts, Reconciled } from "./contract.ts";
import type { StreamStore } from "./stream-store.ts";

/**
 * Compares the stream with the log: is what was appended there? For a stream that the log has forgotten (its database was lost, or
 * set back) nobody would ask otherwise, since its outbox let go long ago. Writes nothing.
 */
export async function compareWithLog(store: StreamStore, ports: AggregatePorts): Promise<Reconciled> {
  const { identity } = store;
  if (identity.stream === "" || store.memory.version === 0) return { state: "empty" };
  const logged = await ports.logged(identity);
  const { version } = store.memory;
  const compared = { ...identity, version, loggedVersion: logged?.version ?? 0 };
  const reason = logged?.forked ?? conflict(store, logged);
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

function conflict(store: StreamStore, logged: { readonly version: number; readonly hash: string } | undefined): string | undefined {
  if (logged === undefined) return undefined;
  if (logged.version > store.memory.version) return `The log has version ${logged.version}, the stream ends at ${store.memory.version}.`;
  const own = store.envelope(logged.version)?.hash ?? store.envelope(logged.version + 1)?.previousHash;
  return own === undefined || own === logged.hash ? undefined : `At version ${logged.version} the log has ${logged.hash}, the stream ${own}.`;
}
