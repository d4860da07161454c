import type { LoggedEvent } from "./recorded-event.ts";
import type { Row } from "./projection.ts";
import type { Statement } from "./statement.ts";

/**
 * A view: what is folded from a tenant's log into tables. Its rows stand under a scope, which is the tenant's name, or that with a
 * generation behind it while the view is rebuilt: the fold does not care which.
 */
export interface View {
  /** Unique; in the API it is the projection's name. */
  readonly name: string;
  /** Goes up when the meaning of the rows changes. */
  readonly version: number;
  /** Whether an event is one that it is about; left out, every event is. */
  readonly concerns?: (event: LoggedEvent) => boolean;
  /** What of its own rows it wants to see before it folds; undefined for nothing. One SELECT. */
  readonly reads?: (scope: string, events: readonly LoggedEvent[]) => Statement | undefined;
  /**
   * The SQL that brings the view forward over these events, which are consecutive but for what other views alone care about. Pure.
   * It runs in one transaction with the view's cursor, so each event counts exactly once. A throw is this view's own fault.
   */
  readonly fold: (scope: string, events: readonly LoggedEvent[], read: readonly Row[]) => readonly Statement[];
  /**
   * Whether a purge may be folded alone, ahead of what comes before it, into rows that this view's code of a version has made and that are
   * kept without being moved: it must only take away. Left out, it may not.
   */
  readonly forgets?: (version: number) => boolean;
  /** A SELECT of (key, row) that gives all of a scope (`?1`), to compare two of them. */
  readonly rows: string;
  /** Deletes some rows of a scope, up to a thousand or so; when nothing is left to delete, it writes no row. */
  readonly discard: (scope: string) => readonly Statement[];
}

/** How far the tenant's log is; the epoch is random and changes when the log is made anew. */
export interface LogHead {
  readonly position: number;
  readonly epoch: string;
}

/** How far the tenant's log has come in time. */
export interface LogReached {
  readonly position: number;
  /** The latest `recorded` (RFC 3339) of what it took last. */
  readonly recorded: string;
}
