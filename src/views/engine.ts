import type { LoggedEvent, View } from "../kernel/index.ts";
import type { Tracer } from "../tracing/tracer.ts";
import type { HeadAt } from "./cursors.ts";

/** Events and bytes of data folded in one transaction. */
export const STEP_EVENTS = 500;
export const STEP_BYTES = 1_000_000;
/** Statements that one call begins no further step after: D1 counts 1,000 an invocation. */
export const MAX_STATEMENTS = 600;

/** The log as a view sees it. */
export interface LogReader {
  /** The head, the entry of the event at a position (null where there is none), and some of the events after it: at least one where there are any. */
  follow(tenant: string, query: { readonly position: number; readonly limit: number; readonly maxBytes: number }): Promise<LogSlice>;
}

export type LogSlice = HeadAt & { readonly events: readonly LoggedEvent[] };

/** What the views of a tenant are moved with. */
export interface ViewEngine {
  readonly db: D1Database;
  readonly log: LogReader;
  readonly views: readonly View[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Undefined where tracing is off. */
  readonly tracer?: Tracer | undefined;
}
