import type { LoggedEvent } from "./recorded-event.ts";
import type { Statement } from "./statement.ts";

/** A view: what is folded from a tenant's log into tables of its own. */
export interface View {
  /** Unique; in the API it is the projection's name. */
  readonly name: string;
  /** Goes up when the meaning of the rows changes. */
  readonly version: number;
  /**
   * The SQL that brings the view forward over these events, which are consecutive but for what other views alone care about. Pure.
   * It runs in one transaction with the view's cursor, so each event counts exactly once. A throw is this view's own fault.
   */
  readonly fold: (tenant: string, events: readonly LoggedEvent[]) => readonly Statement[];
}

/** How far the tenant's log is; the epoch is random and changes when the log is made anew. */
export interface LogHead {
  readonly position: number;
  readonly epoch: string;
}
