import type { JsonText } from "./json-text.ts";
import type { LogHead } from "./view.ts";
import type { LoggedEvent } from "./recorded-event.ts";

/**
 * What has just come into a tenant's log, one event behind the other up to its head, as the transaction that wrote it knows it: whoever
 * follows the log and stands at `after` need not read it. The rows are as they went to D1.
 */
export interface LoggedPage {
  readonly after: number;
  /** The entry of the event at `after`; null where there is none. */
  readonly entryAt: string | null;
  readonly rows: JsonText;
}

/** The same, as reading the log would have given it. */
export interface FreshSlice extends LogHead {
  readonly after: number;
  readonly entryAt: string | null;
  readonly events: readonly (LoggedEvent & { readonly entry: string })[];
}
