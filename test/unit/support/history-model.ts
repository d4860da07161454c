import { canonicalJson, eventHash, type EventEnvelope, GENESIS_HASH, sha256 } from "../../../src/kernel/index.ts";
import { eventTypesFold } from "../../../src/testing/history/event-types-fold.ts";
import type { FinalEvent, FinalState } from "../../../src/testing/history/final-state.ts";
import { type Entry, History, type Invocation } from "../../../src/testing/history/history.ts";
import type { Append, Live, Operation, Outcome, ReadLog, ReadStream, ReadView, Result, SeenEvent, SentEvent } from "../../../src/testing/history/operation.ts";

/** What is seen of an event. */
export const seen = ({ stream, version, position, id, hash }: FinalEvent): SeenEvent => ({
  stream,
  version,
  id,
  hash,
  ...(position !== undefined && { position }),
});

/** A history and what it left. */
export interface Recorded {
  readonly entries: Entry[];
  readonly final: FinalState;
}

/** An event store as small as can be, that does as the contract says: the checker's tests record runs of it. */
export class Model {
  readonly history = new History();
  readonly streams = new Map<string, FinalEvent[]>();
  readonly log: FinalEvent[] = [];
  readonly #keys = new Map<string, Result<Append>>();
  #clock = 0;

  /** Asks and is answered at once. */
  do<Of extends Operation>(operation: Of): Result<Of> {
    const call = this.history.invoke(operation);
    const outcome = this.effect(operation);
    answer(call, outcome);
    if (outcome.phase !== "ok") throw new Error(`expected ${operation.kind} to be taken, got ${JSON.stringify(outcome)}`);
    return outcome.result as Result<Of>;
  }

  /** Does it, without telling anyone. */
  effect(operation: Operation): Outcome {
    switch (operation.kind) {
      case "append":
        return this.#append(operation);
      case "read-stream":
        return { phase: "ok", result: this.#readStream(operation) };
      case "read-log":
        return { phase: "ok", result: this.#readLog(operation) };
      case "read-view":
        return { phase: "ok", result: this.#readView(operation) };
      case "live":
        return { phase: "ok", result: this.#live(operation) };
    }
  }

  /** Moves up to so many events of each stream to the log. */
  project(most = Infinity, streams: Iterable<string> = this.streams.keys()): void {
    for (const stream of streams) {
      const logged = this.log.filter((event) => event.stream === stream).length;
      for (const event of (this.streams.get(stream) ?? []).slice(logged, logged + most)) this.log.push({ ...event, position: this.log.length + 1 });
    }
  }

  /** Ends the run. */
  finish(): Recorded {
    this.project();
    const streams = [...this.streams].map(([stream, events]) => ({ stream, version: events.length, firstVersion: 1, events, verified: { valid: true } }));
    return structuredClone({
      entries: this.history.entries,
      final: { tenant: "default", streams, log: this.log, views: { "event-types": eventTypesFold.fold(this.log) } },
    });
  }

  #append({ stream, events: sent, precondition, idempotencyKey }: Append): Outcome<Append> {
    const name = `${stream} ${idempotencyKey}`;
    const first = idempotencyKey === undefined ? undefined : this.#keys.get(name);
    if (first !== undefined) return { phase: "ok", result: first };
    const events = this.streams.get(stream) ?? [];
    const version = events.length;
    if (precondition !== undefined && !holds(precondition, version)) {
      return { phase: "failed", refusal: { status: 412, code: "version_mismatch", currentVersion: version } };
    }
    const written = sent.map((event) => events.find(({ id, source }) => id === event.id && source === event.source) ?? this.#add(stream, events, event));
    this.streams.set(stream, events);
    const last = Math.max(...written.map((event) => event.version));
    const result = { events: written.map(({ id, version, hash }) => ({ id, version, hash })), token: `${stream}@${last}` };
    if (idempotencyKey !== undefined) this.#keys.set(name, result);
    return { phase: "ok", result };
  }

  #add(stream: string, events: FinalEvent[], { type, data, id, source = "/v1" }: SentEvent): FinalEvent {
    const recorded = new Date(1_700_000_000_000 + this.#clock++).toISOString();
    const event = hashed({ stream, type, data, id: id ?? `id-${this.#clock}`, source, recorded, version: events.length + 1 }, events.at(-1)?.hash);
    events.push(event);
    return event;
  }

  #readStream({ stream, from }: ReadStream): Result<ReadStream> {
    const events = this.streams.get(stream) ?? [];
    return { version: events.length, items: events.slice(from - 1).map(seen), isEnd: true };
  }

  #readLog({ after, stream, token }: ReadLog): Result<ReadLog> {
    this.#await(token);
    const items = this.log.slice(after).filter((event) => stream === undefined || event.stream === stream);
    return { position: Math.max(after, this.log.length), items: items.map(seen), isEnd: true };
  }

  #readView({ token }: ReadView): Result<ReadView> {
    this.#await(token);
    return { rows: eventTypesFold.fold(this.log) };
  }

  #live({ stream, from = 1 }: Live): Result<Live> {
    const events = (stream === undefined ? this.log : (this.streams.get(stream) ?? [])).slice(from - 1);
    return { events: events.map(seen), upTo: from - 1 + events.length };
  }

  #await(token: string | undefined): void {
    const [stream, version] = token?.split("@") ?? [];
    if (stream === undefined) return;
    this.project(Number(version), [stream]);
  }
}

/** Ends a call as the model ended it. */
export function answer(call: Invocation<Operation>, outcome: Outcome): void {
  if (outcome.phase === "ok") call.ok(outcome.result as never);
  else if (outcome.phase === "failed") call.failed(outcome.refusal);
  else call.unknown(outcome.reason, outcome.seen);
}

function holds(precondition: NonNullable<Append["precondition"]>, version: number): boolean {
  if ("ifNoneMatch" in precondition) return version === 0;
  return precondition.ifMatch === "*" ? version > 0 : precondition.ifMatch === `"${version}"`;
}

/** An event whose hashes are right. */
export function hashed(event: Omit<FinalEvent, "hash" | "previousHash" | "dataHash">, previousHash: string = GENESIS_HASH): FinalEvent {
  const dataHash = sha256(canonicalJson(event["data"]));
  const { data, ...rest } = event;
  const envelope = { metadata: { actor: "key:test" }, schemaVersion: 1, time: event.recorded, ...rest, previousHash, dataHash };
  return { ...envelope, data, hash: eventHash("default", envelope as unknown as EventEnvelope) } as unknown as FinalEvent;
}
