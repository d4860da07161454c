import { dataHash, type Decider, type EventEnvelope, isRejection, jsonText, PURGED, type RecordedEvent } from "../../src/kernel/index.ts";
import { checkOpen, checkPrecondition, write } from "./append.ts";
import type { ExecuteRequest, Executed, Refusal } from "./contract.ts";
import { keepSnapshot, usableSnapshot } from "./snapshot.ts";
import type { StreamStore } from "./stream-store.ts";

/** What decides for a stream, and in which build of the code. */
export interface Rules {
  readonly decider: Decider;
  readonly build: string;
}

/** Decides a command and appends what was decided, inside the caller's transaction, with nothing awaited between. */
export function execute(
  store: StreamStore,
  { decider, build }: Rules,
  request: ExecuteRequest,
  now: number,
  appended: (event: RecordedEvent) => void,
): Executed | Refusal {
  const refusal = checkOpen(store) ?? checkPrecondition(request.precondition, store.memory.version);
  if (refusal) return refusal;
  const before = store.memory.version;
  let state = foldedState(store, { decider, build });
  const id = store.identity.stream.slice(decider.category.length + 1);
  const decision = decider.decide(request.command, state, { now: new Date(now).toISOString(), id });
  if (isRejection(decision)) return { ok: false, code: "rejected", rejection: decision.code, detail: decision.detail };
  const events = decision.map((fact) => {
    const data = jsonText(fact.data);
    const written = write(
      store,
      {
        source: fact.source ?? request.source,
        type: fact.type,
        schemaVersion: fact.schemaVersion ?? 1,
        metadata: request.metadata,
        data,
        dataHash: dataHash(data),
      },
      now,
      appended,
    );
    state = decider.evolve(state, fact);
    store.memory = { ...store.memory, state: { value: state } };
    return written;
  });
  keepSnapshot(store, build, before, state);
  return { ok: true, version: store.memory.version, events };
}

/** The fold of the whole stream, kept in memory until the next append moves it. */
export function foldedState(store: StreamStore, { decider, build }: Rules): unknown {
  const { memory } = store;
  if (memory.state) return memory.state.value;
  const snapshot = usableSnapshot(store, build);
  let state = snapshot === undefined ? decider.initialState() : snapshot.state;
  for (const { envelope, data } of store.texts((snapshot?.version ?? 0) + 1, memory.version)) {
    if (data === PURGED) continue; // what is gone counts for nothing
    const { type, schemaVersion } = JSON.parse(envelope) as EventEnvelope;
    state = decider.evolve(state, { type, schemaVersion, data: JSON.parse(data) });
  }
  store.memory = { ...memory, state: { value: state } };
  return state;
}
