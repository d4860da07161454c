import type { Row } from "./operation.ts";

/** An event as the API gives it. */
export interface FinalEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position?: number;
  readonly type: string;
  readonly recorded: string;
  readonly hash: string;
  readonly previousHash: string;
  readonly dataHash: string;
  readonly purged?: boolean;
  readonly [name: string]: unknown;
}

/** A stream by its own endpoints. */
export interface FinalStream {
  readonly stream: string;
  readonly version: number;
  /** Over 1 where retention has cut it. */
  readonly firstVersion: number;
  readonly events: readonly FinalEvent[];
  /** What its `verify` says. */
  readonly verified?: { readonly valid: boolean; readonly firstBadVersion?: number; readonly reason?: string };
}

/** What is there when nobody appends any more and the log has everything. */
export interface FinalState {
  readonly tenant: string;
  readonly streams: readonly FinalStream[];
  /** The whole log, the platform's own events too, in the order in which it was given. */
  readonly log: readonly FinalEvent[];
  /** The rows of each view by its name. */
  readonly views: Readonly<Record<string, readonly Row[]>>;
}

/** What is needed to judge a view. */
export interface ViewFold {
  readonly name: string;
  /** Where its rows are listed, such as `/v1/event-types`. */
  readonly path: string;
  /** The member of a row that tells it from the others. */
  readonly key: string;
  /** The rows that the log makes. */
  fold(log: readonly FinalEvent[]): readonly Row[];
  /** How many of the log's events such rows were made of, where they tell: only then can a read in the middle of a run be judged. */
  countOf?(rows: readonly Row[]): number;
  /** Which events count. All where left out. */
  takes?(event: FinalEvent): boolean;
}

/** An event's name in messages and maps. */
export const nameOf = ({ stream, version }: { readonly stream: string; readonly version: number }): string => `${stream}@${version}`;
