import type { CloudEventAttributes, Command, EventMetadata, Hash, JsonText, LogHead, LogReached, RecordedEvent, StreamHead } from "../../src/kernel/index.ts";
import type { Tail } from "../../src/metrics/tails.ts";
import type { Retention } from "./retention.ts";

/** Which stream an object is: parsed from its own name. */
export interface StreamIdentity {
  readonly tenant: string;
  readonly stream: string;
}

/** An event that is to be appended, already checked against the contract. */
export interface EventDraft {
  /** Given from outside: (source, id) is then remembered for good. Left out, the object makes a UUIDv7. */
  readonly id?: string;
  readonly source: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly time?: string;
  readonly metadata: EventMetadata;
  readonly cloudevent?: CloudEventAttributes;
  readonly data: JsonText;
  readonly dataHash: Hash;
}

/** What must hold of the stream before anything is written. */
export type Precondition =
  | { readonly kind: "none" }
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "exists" }
  | { readonly kind: "new" }
  | { readonly kind: "never" };

/** A client's `Idempotency-Key`, and the fingerprint of the request it came with. */
export interface IdempotencyKey {
  readonly key: string;
  readonly fingerprint: Hash;
}

export interface AppendRequest {
  readonly events: readonly EventDraft[];
  readonly precondition: Precondition;
  readonly idempotency?: IdempotencyKey;
  /** The caller's span, as `traceparent` writes it. */
  readonly trace?: string;
}

/** What one of several appends that came in one call came to; `thrown` where that is not known. */
export type EachAppended = Appended | Refusal | { readonly thrown: string };

export interface AppendedEvent {
  readonly id: string;
  readonly version: number;
  readonly hash: Hash;
}

/** Nothing was written. `code` is the problem's code in the API; a fault is the platform's own failing, the rest a "no". */
export interface Refusal {
  readonly ok: false;
  readonly code:
    | "version_mismatch"
    | "event_id_reused"
    | "idempotency_key_reused"
    | "stream_closed"
    | "stream_backlog"
    | "overloaded"
    | "retention_refused"
    | "rejected"
    | "fault";
  readonly detail: string;
  readonly currentVersion?: number;
  /** For `rejected`: the decider's own code. */
  readonly rejection?: string;
}

export interface Appended {
  readonly ok: true;
  /** False where every event was a repeat: nothing was written. */
  readonly created: boolean;
  /** The answer to an earlier request with the same `Idempotency-Key`. */
  readonly replayed: boolean;
  /** In the order of the request; versions are consecutive unless some were repeats. */
  readonly events: readonly AppendedEvent[];
}

export interface ExecuteRequest {
  readonly command: Pick<Command, "name"> & { readonly data: unknown; readonly found?: unknown };
  readonly precondition: Precondition;
  readonly source: string;
  readonly metadata: EventMetadata;
  readonly idempotency?: IdempotencyKey;
  /** Milliseconds since 1970: after this it is too late, for what the command was prepared with holds no longer. */
  readonly notAfter?: number;
  /** The caller's span, as `traceparent` writes it. */
  readonly trace?: string;
}

export interface Executed {
  readonly ok: true;
  /** The answer to an earlier command with the same `Idempotency-Key`. */
  readonly replayed: boolean;
  /** The stream's version afterwards. */
  readonly version: number;
  /** What was decided: none where the command changed nothing. */
  readonly events: readonly DecidedEvent[];
  /** What the decider shows of the state afterwards, as JSON. */
  readonly state: JsonText;
}

export interface DecidedEvent extends AppendedEvent {
  readonly type: string;
  readonly data: JsonText;
}

/** A decider's state, as JSON. */
export interface StateNow {
  readonly version: number;
  /** It takes nothing more. */
  readonly isClosed: boolean;
  readonly state: JsonText;
}

/** A point of a stream's history: a version, or a time (RFC 3339 UTC with milliseconds) up to which events were recorded. */
export type PointInTime = { readonly version: number } | { readonly at: string };

/** What a decider shows at some point of its stream. */
export type StateShown =
  | { readonly kind: "found"; readonly version: number; readonly state: JsonText }
  /** unknown: there was no event yet; ahead: the stream has not got there; purged: what the state was made of is gone. */
  | { readonly kind: "unknown" | "ahead" | "purged"; readonly version: number };

export interface CloseRequest {
  /** Whether the data goes too. */
  readonly purge: boolean;
  readonly precondition: Precondition;
  readonly source: string;
  readonly metadata: EventMetadata;
}

export interface Closed {
  readonly ok: true;
  /** 0 for a stream that does not exist: then nothing was done. */
  readonly version: number;
  readonly isPurged: boolean;
}

export interface ReadRequest {
  /** Versions, both inclusive; left out: from the first that is there, up to the last. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly direction: "forward" | "backward";
  readonly maxBytes: number;
  /** A line for each event, instead of a list's commas. */
  readonly asLines?: true;
}

/** A page of a stream. `items` is UTF-8: the events as JSON, joined by commas or one a line, ready to be written out. */
export interface StreamPage {
  readonly version: number;
  /** 1, unless the stream was truncated. */
  readonly firstVersion: number;
  /** What was asked for begins before `firstVersion`: nothing was read. */
  readonly isGone: boolean;
  readonly items: Uint8Array;
  readonly count: number;
  /** The version to go on with, or null at the end. */
  readonly next: number | null;
}

export interface StreamDescription extends StreamHead {
  readonly firstVersion: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly isClosed: boolean;
  readonly snapshotVersion: number | null;
  readonly retention: Retention | null;
}

/** The part of a stream that the log may lack. */
export interface StreamTail {
  readonly head: StreamHead;
  readonly events: readonly RecordedEvent[];
}

export type Verification =
  | { readonly valid: true; readonly from: number; readonly to: number; readonly lastHash: Hash }
  | { readonly valid: false; readonly firstBadVersion: number; readonly reason: string };

/** How a stream and the log compare. */
export type Reconciled =
  /** The object holds no stream: nothing was ever appended to it. */
  | { readonly state: "empty" }
  | (StreamIdentity & {
      /**
       * complete: the log has all of it; behind: the log lacks its end, which can be brought there; lost: the log lacks what the stream
       * itself no longer keeps; forked: they tell different histories.
       */
      readonly state: "complete" | "behind" | "lost" | "forked";
      readonly version: number;
      readonly loggedVersion: number;
      readonly reason?: string;
    });

/** What the log says of a stream. */
export interface LoggedStream extends StreamHead {
  /** The tenant's position of the stream's last logged event. */
  readonly position: number;
  /** Of the tenant's log. */
  readonly epoch: string;
  readonly forked: string | null;
}

/** What an Aggregate object reaches beyond itself; everything else it does on its own storage. */
export interface AggregatePorts {
  /** Sends hints to the tenant's queue. May fail or hang: the alarm makes sure. */
  send(tenant: string, messages: readonly string[]): Promise<void>;
  /** How long (milliseconds) there is at least between two sends of one stream. */
  readonly sendsApart: number;
  /** The log's row of this stream: one row read. */
  logged(identity: StreamIdentity): Promise<LoggedStream | undefined>;
  /** How far the tenant's log is; undefined where it has nothing. A few rows read, at most once a second. */
  reached(tenant: string): Promise<LogReached | undefined>;
  /** What `reached` has said within the last second, to anybody. */
  lastReached(tenant: string): LogReached | undefined;
  /** The log's copies of these events, in any order. */
  copies(identity: StreamIdentity, ids: readonly string[]): Promise<readonly RecordedEvent[]>;
  /** Empties the data of these events in the log. */
  purgeCopies(identity: StreamIdentity, ids: readonly string[]): Promise<void>;
  /** Notes in the log that object and log tell different histories. */
  markForked(identity: StreamIdentity, reason: string): Promise<void>;
  /** Takes that note away, as long as the log ends there. */
  unmarkForked(identity: StreamIdentity, end: StreamHead): Promise<void>;
  /** The log lacks the end of the stream. Noted in memory: it costs no call and no row of the stream's. */
  waits(identity: StreamIdentity, tail: Tail): void;
  /** Tells the tenant's dispatcher that the log of this epoch holds this position; when it returns, the dispatcher answers for what follows. */
  announce(tenant: string, head: LogHead): Promise<void>;
  shardOf(tenant: string): number;
  /** Milliseconds since 1970. */
  now(): number;
}
