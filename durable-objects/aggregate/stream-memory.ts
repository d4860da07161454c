import { type EventEnvelope, GENESIS_HASH, type Hash, STREAM_CLOSED, STREAM_PURGED } from "../../src/kernel/index.ts";
import type { AppendedEvent, Executed } from "./contract.ts";

/** What an object keeps in memory of its stream. Replaced, never changed, so that dropping a failed commit is one assignment. */
export interface StreamMemory {
  readonly version: number;
  readonly hash: Hash;
  /** `recorded` of the last event; the empty string before the first. */
  readonly recorded: string;
  /** Its last event closed or purged it: nothing is appended any more. */
  readonly isClosed: boolean;
  /** Data before the last event is gone, or about to be: it is not shown any more. */
  readonly isPurged: boolean;
  /** The fold up to `version`, once something asked for it. */
  readonly state?: { readonly value: unknown };
}

/** What is remembered of an `Idempotency-Key`: the first answer, kept even when the events themselves are truncated. */
export interface SeenAnswer {
  readonly fingerprint: Hash;
  readonly created: boolean;
  readonly events: readonly AppendedEvent[];
  /** Of a command: what it was answered beside its events. */
  readonly executed?: Pick<Executed, "version" | "state" | "events">;
}

/** What is remembered of an event from outside: enough to tell a repeat from another event with its id. */
export interface SeenEvent {
  readonly version: number;
  readonly hash: Hash;
  readonly type: string;
  readonly dataHash: Hash;
}

/** Before the first event. */
export const EMPTY: StreamMemory = { version: 0, hash: GENESIS_HASH, recorded: "", isClosed: false, isPurged: false };

/** What is in memory once this event is the last. */
export function memoryAfter({ version, hash, recorded, type }: EventEnvelope): StreamMemory {
  const isPurged = type === STREAM_PURGED;
  return { version, hash, recorded, isPurged, isClosed: isPurged || type === STREAM_CLOSED };
}
