import { dataHash, isRejection, type JsonText, jsonText, type RecordedEvent } from "../../src/kernel/index.ts";
import { checkOpen, checkPrecondition, firstAnswer, write } from "./append.ts";
import type { DecidedEvent, ExecuteRequest, Executed, IdempotencyKey, Refusal } from "./contract.ts";
import { foldedState, type Rules } from "./fold.ts";
import { keepSnapshot } from "./snapshot.ts";
import type { SeenAnswer } from "./stream-memory.ts";
import type { StreamStore } from "./stream-store.ts";

/**
 * Decides a command and appends what was decided, inside the caller's transaction, with nothing awaited between. Checked in the
 * contract's order: the key's first answer, whether the stream is closed, the precondition, the decision.
 */
export function execute(
  store: StreamStore,
  { decider, build }: Rules,
  request: ExecuteRequest,
  now: number,
  appended: (event: RecordedEvent) => void,
): Executed | Refusal {
  const { idempotency, command, notAfter } = request;
  const answer = firstAnswer(store, idempotency);
  if (answer) return "ok" in answer ? answer : replayed(answer);
  const refusal = checkOpen(store) ?? checkPrecondition(request.precondition, store.memory.version);
  if (refusal) return refusal;
  if (notAfter !== undefined && now > notAfter) return { ok: false, code: "fault", detail: "The command came too late for what it was prepared with." };
  const before = store.memory.version;
  let state = foldedState(store, { decider, build });
  const id = store.identity.stream.slice(decider.category.length + 1);
  const decision = decider.decide(command, state, { now: new Date(now).toISOString(), id });
  if (isRejection(decision)) return { ok: false, code: "rejected", rejection: decision.code, detail: decision.detail };
  const events = decision.map((fact): DecidedEvent => {
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
    return { ...written, type: fact.type, data };
  });
  keepSnapshot(store, build, before, state);
  const executed = { version: store.memory.version, state: jsonText(decider.show(state)), events };
  if (idempotency) {
    const ids = events.map(({ id, version, hash }) => ({ id, version, hash }));
    store.rememberKey(idempotency.key, { fingerprint: idempotency.fingerprint, created: events.length > 0, events: ids, executed });
  }
  return { ok: true, replayed: false, ...executed };
}

/** The first answer to a command's key again; undefined where the command is new. */
export function answeredBefore(store: StreamStore, idempotency: IdempotencyKey | undefined): Executed | Refusal | undefined {
  const answer = firstAnswer(store, idempotency);
  return answer === undefined || "ok" in answer ? answer : replayed(answer);
}

function replayed({ executed, events }: SeenAnswer): Executed {
  // A key that an append used on this stream has another fingerprint, so `executed` is there.
  return { ok: true, replayed: true, ...(executed ?? { version: events.at(-1)?.version ?? 0, state: "null" as JsonText, events: [] }) };
}
