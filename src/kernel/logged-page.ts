import type { JsonText } from "./json-text.ts";
import type { LogHead } from "./view.ts";
import type { LoggedEvent } from "./recorded-event.ts";

/**
 * What one transaction has brought into a tenant's log, one event behind the other, as it knows it: whoever follows the log and stands
 * there need not read it. The rows are as they went to D1.
 */
export interface LoggedPage {
  readonly after: number;
  /** Of the last event on it. */
  readonly to: number;
  /** The entry of the event at `after`; null where there is none. */
  readonly entryAt: string | null;
  readonly rows: JsonText;
}

/** An event of the log, with the mark that followers keep. */
export type MarkedEvent = LoggedEvent & { readonly entry: string };

/** Some events of the log, as reading it would have given them. */
export interface FreshSlice extends LogHead {
  /** The entry of the event before them; null where there is none. */
  readonly entryAt: string | null;
  readonly events: readonly MarkedEvent[];
}

/** Gives what comes after a position, where it was handed on: some events at least; undefined where the log is to be read. */
export type FreshAfter = (position: number) => FreshSlice | undefined;
