import { eventHash, type RecordedEvent, uuid7 } from "../../src/kernel/index.ts";
import type { AppendedEvent, Appended, AppendRequest, EventDraft, IdempotencyKey, Precondition, Refusal } from "./contract.ts";
import { memoryAfter, type SeenAnswer } from "./stream-memory.ts";
import type { StreamStore } from "./stream-store.ts";

/**
 * Appends events to the stream, all or nothing, inside the caller's transaction. Checked in the contract's order:
 * the key's first answer, repeats, whether it is closed, then the precondition. `appended` is told of each event that was written.
 */
export function append(store: StreamStore, request: AppendRequest, now: number, appended: (event: RecordedEvent) => void): Appended | Refusal {
  const { idempotency } = request;
  const answer = firstAnswer(store, idempotency);
  if (answer) return "ok" in answer ? answer : { ok: true, created: answer.created, replayed: true, events: answer.events };

  const known = request.events.map((draft) => repeated(store, draft));
  const clash = known.find((event) => event === "clash");
  if (clash !== undefined) {
    const { source, id } = request.events[known.indexOf("clash")] as EventDraft;
    return { ok: false, code: "event_id_reused", detail: `The event id "${id}" from ${source} is already in this stream with another type or other data.` };
  }
  const created = known.some((event) => event === undefined);
  if (created) {
    const refusal = checkOpen(store) ?? checkPrecondition(request.precondition, store.memory.version);
    if (refusal) return refusal;
  }

  const written = writeAll(
    store,
    request.events.filter((_, index) => known[index] === undefined),
    now,
    appended,
  ).values();
  const events = known.map((event) => event ?? written.next().value) as AppendedEvent[];
  if (idempotency) store.rememberKey(idempotency.key, { fingerprint: idempotency.fingerprint, created, events });
  return { ok: true, created, replayed: false, events };
}

/** What a key was answered the first time; a refusal where it came with another request; undefined where it is new. */
export function firstAnswer(store: StreamStore, idempotency: IdempotencyKey | undefined): SeenAnswer | Refusal | undefined {
  const answer = idempotency && store.seenKey(idempotency.key);
  if (answer === undefined || answer.fingerprint === idempotency?.fingerprint) return answer;
  return {
    ok: false,
    code: "idempotency_key_reused",
    detail: `The Idempotency-Key "${idempotency?.key}" was first used with another request on this stream.`,
  };
}

/** Writes one event behind the head and moves the head, in memory too. */
export function write(store: StreamStore, draft: EventDraft, now: number, appended: (event: RecordedEvent) => void): AppendedEvent {
  return writeAll(store, [draft], now, appended)[0] as AppendedEvent;
}

/** As `write`, for any number of events. */
function writeAll(store: StreamStore, drafts: readonly EventDraft[], now: number, appended: (event: RecordedEvent) => void): readonly AppendedEvent[] {
  const { memory, identity } = store;
  const clock = new Date(now).toISOString();
  const recorded = clock > memory.recorded ? clock : memory.recorded;
  let { version, hash: previousHash } = memory;
  const events = drafts.map((draft): RecordedEvent => {
    const { data, dataHash, source, type, schemaVersion, metadata, cloudevent } = draft;
    const envelope = {
      id: draft.id ?? uuid7(now),
      stream: identity.stream,
      version: ++version,
      type,
      schemaVersion,
      time: draft.time ?? recorded,
      recorded,
      source,
      metadata,
      ...(cloudevent && { cloudevent }),
      previousHash,
      dataHash,
    };
    previousHash = eventHash(identity.tenant, envelope);
    return { ...envelope, hash: previousHash, data };
  });
  store.insert(events);
  for (const [index, event] of events.entries()) {
    if (drafts[index]?.id !== undefined) store.rememberEvent(event.source, event.id, event);
    appended(event);
  }
  const last = events.at(-1);
  if (last) store.memory = memoryAfter(last);
  return events.map(({ id, version, hash }) => ({ id, version, hash }));
}

/** A stream that was closed or purged takes nothing more. */
export function checkOpen({ identity, memory }: StreamStore): Refusal | undefined {
  if (!memory.isClosed) return undefined;
  return {
    ok: false,
    code: "stream_closed",
    detail: `The stream ${identity.stream} was ${memory.isPurged ? "purged" : "closed"} at version ${memory.version}.`,
  };
}

/** Undefined where the stream may go on; else the refusal. */
export function checkPrecondition(precondition: Precondition, version: number): Refusal | undefined {
  const expected = unmet(precondition, version);
  if (expected === undefined) return undefined;
  return { ok: false, code: "version_mismatch", detail: `Expected the stream ${expected}, got version ${version}.`, currentVersion: version };
}

function unmet(precondition: Precondition, version: number): string | undefined {
  switch (precondition.kind) {
    case "version":
      return version === precondition.version ? undefined : `at version ${precondition.version}`;
    case "exists":
      return version > 0 ? undefined : "to exist";
    case "new":
      return version === 0 ? undefined : "to be new";
    case "never":
      return "to match an entity tag that none of its versions has";
    default:
      return undefined;
  }
}

function repeated(store: StreamStore, draft: EventDraft): AppendedEvent | "clash" | undefined {
  if (draft.id === undefined) return undefined;
  const seen = store.seenEvent(draft.source, draft.id) ?? store.ownEvent(draft.source, draft.id);
  if (seen === undefined) return undefined;
  const { version, hash, type, dataHash } = seen;
  return type === draft.type && dataHash === draft.dataHash ? { id: draft.id, version, hash } : "clash";
}
