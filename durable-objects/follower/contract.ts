import type { Attempt, JsonText, LogHead, LoggedEvent, Outcome, Priority, RecordedEvent, RetryPolicy } from "../../src/kernel/index.ts";

/** Which follower an object is, parsed from its own name. Its partitions share out the streams. */
export interface FollowerIdentity {
  readonly tenant: string;
  readonly kind: FollowerKind;
  /** A subscription's id, or a handler's name. */
  readonly id: string;
  /** 0, 1, 2… */
  readonly partition: number;
}

export type FollowerKind = "subscription" | "handler";

/** Where a follower begins: after this position, of the log of this epoch. */
export interface Beginning {
  readonly after: number;
  readonly epoch: string;
  /** The mark of the event at the position: by then the log may be another one, and the place is good in that one only. None at 0, and where nobody kept it. */
  readonly entry?: string | undefined;
}

/** Of what says more, where it begins. */
export function beginningOf({ after, epoch, entry }: Beginning): Beginning {
  return { after, epoch, ...(entry !== undefined && { entry }) };
}

/** Whether it says where something begins: a handler that nobody has woken begins nowhere yet, and any log with an event in it has an epoch. */
export function isBeginning({ epoch }: Beginning): boolean {
  return epoch !== "";
}

/** What a follower follows, and how. Of a subscription, what its stream says by now; of a handler, what the code says. */
export interface FollowerDefinition extends Beginning {
  /** Topic patterns of the event types it wants. */
  readonly types: readonly string[];
  readonly filter?: unknown;
  /** Of what was recorded before (RFC 3339) it wants nothing. */
  readonly since?: string;
  readonly order: "stream" | "none";
  readonly priority: Priority;
  /** Deliveries at a time, over all partitions. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Attempts a minute that the sink wants at most, over all partitions. */
  readonly ratePerMinute?: number;
  readonly retry: RetryPolicy;
  readonly sink: "push" | "pull" | "handler";
  readonly status: "active" | "paused" | "disabled" | "deleted";
}

/** Deliveries that one partition has open at a time: the runtime's limit of connections. */
export const PARTITION_WIDTH = 6;
/** Parked streams (or events, without order) that a follower carries before it stops. */
export const MOST_PARKED = 1_000;

/** How many objects a follower is made of. Fixed when it is made, since they share out the streams. */
export function partitionsOf({ concurrency }: Pick<FollowerDefinition, "concurrency">): number {
  return Math.ceil(concurrency / PARTITION_WIDTH);
}

/** Which of so many partitions a stream belongs to: FNV-1a (https://www.rfc-editor.org/rfc/rfc9923) over its name, which is ASCII. */
export function partitionOf(stream: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < stream.length; index++) hash = Math.imul(hash ^ stream.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % partitions;
}

/** "Something for you came": said by the dispatcher, which forgets it once it is answered. */
export interface Wake {
  readonly epoch: string;
  /** All that came for the follower up to here it was told before. */
  readonly settledTo: number;
  /** The first position that is for it now, and the last. */
  readonly first: number;
  readonly last: number;
  /** The mark of the event before the first one, in the log that this is said of. None where that is position 0; older code says none. */
  readonly entryBefore?: string;
  /** The log may not be the one that was followed: look before anything else. */
  readonly isDoubted?: true;
}

/** An event on its way to a sink. */
export interface Delivery {
  readonly event: LoggedEvent;
  /** 1, 2, 3… over all rounds. */
  readonly attempt: number;
  /** The replay that it is part of. */
  readonly replay?: string;
  /** It was edited before it was redriven. */
  readonly isEdited?: true;
}

/** A page of the log for a follower: what may be for it, and how far was looked. */
export interface FollowedPage extends LogHead {
  /** The mark of the event at the position that was read after; null where there is none. */
  readonly entryAt: string | null;
  readonly events: readonly LoggedEvent[];
  /** Up to here everything is in `events`. */
  readonly lookedTo: number;
  /** The mark of the event there; null where there is none. */
  readonly entryTo: string | null;
}

/** A dead letter as it stands in D1, for those who ask. */
export interface DeadLetter {
  readonly id: string;
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  /** The event as the API gives it. */
  readonly event: JsonText;
  readonly attempts: readonly Attempt[];
  readonly parkedAt: string;
}

/** What a follower reaches beyond itself. */
export interface FollowerPorts {
  /** Undefined where there is no such follower (any more). What it was told last (`known`) need not be asked for again where only the code can have changed. */
  definition(follower: FollowerIdentity, known?: FollowerDefinition): Promise<FollowerDefinition | undefined>;
  /** What a subscription's stream says after a version; none for a handler. */
  told(follower: FollowerIdentity, after: number): Promise<readonly RecordedEvent[]>;
  /** The log after a position and up to one, as far as these types may match; of one stream only where it is given. */
  read(
    tenant: string,
    query: { readonly after: number; readonly to?: number; readonly types: readonly string[]; readonly stream?: string; readonly limit: number },
  ): Promise<FollowedPage>;
  /** Whether an event is for the follower: its types, its filter, its time. Made once for a definition; pure. */
  matcher(definition: Pick<FollowerDefinition, "types" | "filter" | "since">): (event: LoggedEvent) => boolean;
  /** One attempt; never rejects, and ends within the definition's time. */
  deliver(follower: FollowerIdentity, definition: FollowerDefinition, delivery: Delivery): Promise<Outcome>;
  /** The follower's circuit: may it try now? And what came of it. */
  circuit: CircuitPort;
  park(follower: FollowerIdentity, letter: DeadLetter): Promise<void>;
  /** Takes a dead letter out of D1 again. */
  unpark(follower: FollowerIdentity, positions: readonly number[]): Promise<void>;
  /** The subscription's own aggregate hears of it: the sink is gone, or fails, or is well again. */
  report(follower: FollowerIdentity, what: { readonly kind: "disabled" | "failing"; readonly reason: string } | { readonly kind: "recovered" }): Promise<void>;
  /** Until when (milliseconds since 1970) a follower delivers nothing, for its tenant is suspended or has no room for what it would write; 0 where it may. At once where it is known. */
  restsUntil(follower: Pick<FollowerIdentity, "tenant" | "kind">): number | Promise<number>;
  /** How it stands after a run, and while one goes on; undefined where it is no more. */
  stands?(follower: FollowerIdentity, standing: WorkStanding | undefined): void;
  now(): number;
  /** From 0 up to 1. */
  chance(): number;
}

/**
 * How a follower stands with its work: streams that wait for another attempt, and positions that it has not settled. Of one that is pulled,
 * which nobody tells how long the log is, up to which position everything is settled.
 */
export type WorkStanding = { readonly waiting: number } & ({ readonly lag: number } | { readonly position: number });

/** The circuit of a sink, shared by all that deliver to it. */
export interface CircuitPort {
  /** Whether a delivery may be tried; else the time (milliseconds since 1970) to ask again. */
  admit(follower: FollowerIdentity): Promise<{ readonly ok: true; readonly isProbe: boolean } | { readonly ok: false; readonly until: number }>;
  /** What came of attempts, in their order; tells whether the circuit is closed and nothing counts against it. */
  record(
    follower: FollowerIdentity,
    outcomes: readonly boolean[],
  ): Promise<{ readonly isPristine: boolean; readonly openUntil: number | null; readonly hasOpened?: boolean; readonly hasClosed?: boolean }>;
}

/** How a follower stands, for those who ask. */
export interface FollowerStanding {
  /** Up to here everything is delivered, parked or in a lane of its own. */
  readonly position: number;
  readonly isIdle: boolean;
  readonly state: "active" | "paused" | "disabled" | "stopped";
  /** Why it stopped, in a sentence. */
  readonly reason: string | null;
  readonly counts: { readonly delivered: number; readonly failed: number; readonly parked: number };
  /** Streams (or events, without order) that wait for their next attempt, and dead letters. */
  readonly retrying: number;
  readonly parked: number;
  /** The last attempts, the newest first. */
  readonly attempts: readonly (Attempt & { readonly position: number; readonly stream: string; readonly type: string })[];
  readonly health: "healthy" | "degraded" | "failing";
  readonly replays: readonly {
    readonly id: string;
    readonly position: number;
    readonly to: number;
    readonly delivered: number;
    readonly state: "running" | "done" | "stopped";
  }[];
  readonly redrives: readonly { readonly id: string; readonly delivered: number; readonly left: number; readonly state: "running" | "done" | "stopped" }[];
}

/** Events leased to one who pulls. */
export interface Leased {
  readonly events: readonly { readonly event: JsonText; readonly position: number; readonly attempt: number }[];
  /** RFC 3339: until then they are nobody else's. */
  readonly until: string;
}
