import type { StreamStore } from "./stream-store.ts";

/** A fold, kept so that an object that wakes need not fold the whole stream. Good for the build that made it. */
interface Snapshot {
  readonly build: string;
  readonly version: number;
  readonly state: unknown;
}

const SNAPSHOT = "snapshot";
/** Events between two snapshots. */
const EVERY = 100;
/** Characters of JSON; a larger state is folded anew each time. */
const LARGEST = 1_000_000;

/** The newest snapshot that this build may use; after a deploy none is, and the object folds once. */
export function usableSnapshot(store: StreamStore, build: string): Snapshot | undefined {
  const snapshot = store.setting<Snapshot>(SNAPSHOT);
  return snapshot?.build === build && snapshot.version <= store.memory.version ? snapshot : undefined;
}

/** The version of the snapshot there is; null where there is none. */
export function snapshotVersion(store: StreamStore): number | null {
  return store.setting<Snapshot>(SNAPSHOT)?.version ?? null;
}

/** Keeps a snapshot where the stream has passed another hundred events since `before`. It may fail; the append does not. */
export function keepSnapshot(store: StreamStore, build: string, before: number, state: unknown): void {
  const { version } = store.memory;
  if (Math.floor(version / EVERY) === Math.floor(before / EVERY)) return;
  try {
    if (JSON.stringify(state).length > LARGEST) return;
    store.putSetting(SNAPSHOT, { build, version, state } satisfies Snapshot);
  } catch (fault) {
    console.warn("aggregate: no snapshot", store.identity.stream, String(fault));
  }
}
