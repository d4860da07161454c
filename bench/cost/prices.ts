import { DOLLARS_PER_MILLION as LIST } from "../../src/metrics/prices.ts";

/** What one run of a profile used, as Cloudflare bills it. */
export interface Usage {
  /** Requests to the Worker. */
  readonly requests: number;
  /** Calls of Durable Objects, their alarms among them. */
  readonly objectRequests: number;
  /** Rows of the objects' SQLite; an alarm that is set is one row written. */
  readonly objectRowsWritten: number;
  readonly objectRowsRead: number;
  readonly logRowsWritten: number;
  readonly logRowsRead: number;
  readonly viewRowsWritten: number;
  readonly viewRowsRead: number;
  /** Writing, reading and deleting a message is an operation each, for each 64 KB of it. */
  readonly queueOperations: number;
}

/** The list price of each kind, per million. Left out: processor time, the objects' duration, storage. */
const DOLLARS_PER_MILLION: Readonly<Record<keyof Usage, number>> = {
  requests: LIST.requests,
  objectRequests: LIST.objectRequests,
  objectRowsWritten: LIST.rowsWritten,
  objectRowsRead: LIST.rowsRead,
  logRowsWritten: LIST.rowsWritten,
  logRowsRead: LIST.rowsRead,
  viewRowsWritten: LIST.rowsWritten,
  viewRowsRead: LIST.rowsRead,
  queueOperations: LIST.queueOperations,
};

/** Every kind of use, in the table's order. */
export const KINDS = Object.keys(DOLLARS_PER_MILLION) as readonly (keyof Usage)[];

/** Use by the event. */
export function perEvent(usage: Usage, events: number): Usage {
  return Object.fromEntries(KINDS.map((kind) => [kind, usage[kind] / events])) as unknown as Usage;
}

/** Dollars for a million events, of what one event uses: so many millions of each kind at its price. */
export function dollarsPerMillion(usagePerEvent: Usage): number {
  return KINDS.reduce((sum, kind) => sum + usagePerEvent[kind] * DOLLARS_PER_MILLION[kind], 0);
}
