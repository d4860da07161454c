import type { Action } from "./story.ts";

/** An event as a request carries it. `mark` is in its data: no other event of the story has it, but for those with an id. */
export interface Asked {
  readonly mark: string;
  readonly id?: string;
}

/** What one try of a request came to. */
export type Outcome =
  | { readonly kind: "ok"; readonly answer: Record<string, unknown> }
  /** The platform said no: nothing may have been written. */
  | { readonly kind: "refused"; readonly code: string }
  /** Nobody can know. */
  | { readonly kind: "unknown"; readonly why: string };

/** One try: when it left, when its answer came, and what it was. */
export interface Try {
  readonly began: number;
  ended?: number;
  outcome?: Outcome;
}

/** A request of a client: tried once, or again with the same key or the same ids where its outcome was unknown. */
export interface Call {
  readonly number: number;
  readonly action: Extract<Action, { do: "append" | "execute" | "close" | "retain" }>;
  readonly asked: readonly Asked[];
  /** The version that the request wanted the stream to be at; undefined where it did not say. */
  readonly wanted: number | undefined;
  readonly tries: Try[];
  /** Whether it may be sent again: by its key, or because all its events have ids. */
  readonly isRepeatable: boolean;
  readonly send: () => Promise<Record<string, unknown>>;
}

/** What a client saw of a stream: it had this version, with this hash. */
export interface Seen {
  readonly stream: string;
  readonly version: number;
  readonly hash: string;
  readonly began: number;
  readonly ended: number;
}

/** What a client saw of a tenant's log. */
export interface SeenLog {
  readonly tenant: string;
  readonly at: number;
  readonly hashes: readonly string[];
}

/** Everything that the clients did and were told. */
export class Ledger {
  readonly calls: Call[] = [];
  readonly seen: Seen[] = [];
  readonly seenLogs: SeenLog[] = [];
  /** The newest version of each stream that a client has been told of. */
  readonly known = new Map<string, number>();

  /** The same, but for what was done to these streams. */
  without(streams: ReadonlySet<string>): Ledger {
    const rest = new Ledger();
    rest.calls.push(...this.calls.filter(({ action }) => !streams.has(action.stream)));
    rest.seen.push(...this.seen.filter(({ stream }) => !streams.has(stream)));
    rest.seenLogs.push(...this.seenLogs);
    return rest;
  }

  /** A client was told of this version. */
  learn(stream: string, version: number): void {
    this.known.set(stream, Math.max(version, this.known.get(stream) ?? 0));
  }
}
