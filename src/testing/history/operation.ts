/** An event as a client sent it. */
export interface SentEvent {
  readonly type: string;
  /** Told from every other of its stream by this, so number it: two appends of the same data cannot be told apart when an answer was lost. */
  readonly data: unknown;
  /** The client's own, with its `source` (`/v1` where left out): sent again it is a repeat. */
  readonly id?: string;
  readonly source?: string;
}

/** The header as it was sent: `"3"` in quotes, `"0"` or `*`. */
export type Precondition = { readonly ifMatch: string } | { readonly ifNoneMatch: "*" };

export interface Append {
  readonly kind: "append";
  readonly stream: string;
  readonly events: readonly SentEvent[];
  readonly precondition?: Precondition;
  /** A request that is sent again is another call with the same key and the same events. */
  readonly idempotencyKey?: string;
}

/** A read of a stream from a version on. */
export interface ReadStream {
  readonly kind: "read-stream";
  readonly stream: string;
  readonly from: number;
}

/** A read of the log after a position; of one stream's events where it is named. */
export interface ReadLog {
  readonly kind: "read-log";
  readonly after: number;
  readonly stream?: string;
  readonly token?: string;
}

/** A read of all rows of a view. */
export interface ReadView {
  readonly kind: "read-view";
  readonly view: string;
  readonly token?: string;
}

/** One live connection, to a stream or (without one) to the log. A connection that resumes is another one, with another `from`. */
export interface Live {
  readonly kind: "live";
  readonly stream?: string;
  /** The first version or position wanted; left out where it began with what came next. */
  readonly from?: number;
}

export type Operation = Append | ReadStream | ReadLog | ReadView | Live;

/** What of an event is compared. `position` where the log was read. */
export interface SeenEvent {
  readonly stream: string;
  readonly version: number;
  readonly position?: number;
  readonly id: string;
  readonly hash: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** What each operation answers. */
export interface Results {
  readonly append: {
    readonly events: readonly { readonly id: string; readonly version: number; readonly hash: string }[];
    /** The `Consistency-Token`: a read that carries it must see these events. */
    readonly token?: string;
  };
  /** `version` is the stream's; `isEnd` is false where more pages were left unread. */
  readonly "read-stream": { readonly version: number; readonly items: readonly SeenEvent[]; readonly isEnd: boolean };
  /** `position` is how far it looked. */
  readonly "read-log": { readonly position: number; readonly items: readonly SeenEvent[]; readonly isEnd: boolean };
  readonly "read-view": { readonly rows: readonly Row[] };
  /** `upTo`: the version or position that the client left at, of its own will, having heard all up to there. */
  readonly live: { readonly events: readonly SeenEvent[]; readonly upTo: number };
}

export type Result<Of extends Operation> = Results[Of["kind"]];

/** A "no" of the server: it says that nothing was done. */
export interface Refusal {
  readonly status: number;
  readonly code?: string;
  /** Of a 412. */
  readonly currentVersion?: number;
}

/** How a call ended. Unknown: a lost answer, a 5xx, or an end that was never noted. */
export type Outcome<Of extends Operation = Operation> =
  | { readonly phase: "ok"; readonly result: Result<Of> }
  | { readonly phase: "failed"; readonly refusal: Refusal }
  | { readonly phase: "unknown"; readonly reason: string; readonly seen?: readonly SeenEvent[] };

/** What is said of an operation in a message. */
export function describe(operation: Operation): string {
  switch (operation.kind) {
    case "append": {
      const { stream, events, precondition, idempotencyKey } = operation;
      const condition = precondition && ("ifMatch" in precondition ? `If-Match: ${precondition.ifMatch}` : "If-None-Match: *");
      const details = [condition, idempotencyKey !== undefined && `key ${idempotencyKey}`].filter(Boolean).join(", ");
      return `the append of ${events.length} to ${stream}${details && ` (${details})`}`;
    }
    case "read-stream":
      return `the read of ${operation.stream} from version ${operation.from}`;
    case "read-log":
      return `the read of the log after ${operation.after}${operation.stream === undefined ? "" : ` for ${operation.stream}`}${withToken(operation.token)}`;
    case "read-view":
      return `the read of the view ${operation.view}${withToken(operation.token)}`;
    case "live":
      return `the live connection to ${operation.stream ?? "the log"} from ${operation.from ?? "now"}`;
  }
}

function withToken(token: string | undefined): string {
  return token === undefined ? "" : ` with the token ${token}`;
}
