import { type Decider, type EventEnvelope, jsonText, PURGED } from "../../src/kernel/index.ts";
import type { PointInTime, StateShown } from "./contract.ts";
import { usableSnapshot } from "./snapshot.ts";
import { STEP, type StreamStore } from "./stream-store.ts";

/** What decides for a stream, and in which build of the code. */
export interface Rules {
  readonly decider: Decider;
  readonly build: string;
}

/** The fold of the whole stream, kept in memory until the next append moves it. */
export function foldedState(store: StreamStore, { decider, build }: Rules): unknown {
  const { memory } = store;
  if (memory.state) return memory.state.value;
  const snapshot = usableSnapshot(store, build);
  const state = foldOver(store, decider, snapshot === undefined ? decider.initialState() : snapshot.state, (snapshot?.version ?? 0) + 1, memory.version);
  store.memory = { ...memory, state: { value: state } };
  return state;
}

/** What the decider shows of its state at a point of the stream. Walks in steps, and lets others in between. */
export async function shownAt(store: StreamStore, rules: Rules, point: PointInTime | undefined): Promise<StateShown> {
  const { version: head, isPurged } = store.memory;
  if (head === 0) return { kind: "unknown", version: 0 };
  if (isPurged) return { kind: "purged", version: head };
  const version = point === undefined ? head : "version" in point ? point.version : versionAt(store, point.at);
  if (version > head) return { kind: "ahead", version: head };
  if (version === 0) return { kind: "unknown", version: head };
  const state = version === head ? foldedState(store, rules) : await stateAt(store, rules, version);
  return { kind: "found", version, state: jsonText(rules.decider.show(state)) };
}

/** The last version that was recorded at this time or earlier; 0 where there is none. */
function versionAt(store: StreamStore, at: string): number {
  const { recorded, version } = store.memory;
  if (recorded <= at) return version;
  // Times have milliseconds, so what comes after `at` begins a millisecond later.
  return store.firstSince(new Date(Date.parse(at) + 1).toISOString()) - 1;
}

async function stateAt(store: StreamStore, { decider, build }: Rules, version: number): Promise<unknown> {
  const snapshot = usableSnapshot(store, build);
  const usable = snapshot !== undefined && snapshot.version <= version ? snapshot : undefined;
  let state = usable === undefined ? decider.initialState() : usable.state;
  for (let from = (usable?.version ?? 0) + 1; from <= version; from += STEP) {
    state = foldOver(store, decider, state, from, Math.min(from + STEP - 1, version));
    await scheduler.wait(0);
  }
  return state;
}

function foldOver(store: StreamStore, decider: Decider, state: unknown, from: number, to: number): unknown {
  let folded = state;
  for (const { envelope, data } of store.texts(from, to)) {
    if (data === PURGED) continue; // what is gone counts for nothing
    const { type, schemaVersion } = JSON.parse(envelope) as EventEnvelope;
    folded = decider.evolve(folded, { type, schemaVersion, data: JSON.parse(data) });
  }
  return folded;
}
