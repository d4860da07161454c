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

/**
 * List prices in dollars per million, beyond what the Workers Paid plan includes (November 2026):
 * https://developers.cloudflare.com/workers/platform/pricing/ (requests), …/durable-objects/platform/pricing/ (requests, rows),
 * …/d1/platform/pricing/ (rows), …/queues/platform/pricing/ (operations). Left out: processor time, the objects' duration, storage.
 */
const DOLLARS_PER_MILLION: Readonly<Record<keyof Usage, number>> = {
  requests: 0.3,
  objectRequests: 0.15,
  objectRowsWritten: 1,
  objectRowsRead: 0.001,
  logRowsWritten: 1,
  logRowsRead: 0.001,
  viewRowsWritten: 1,
  viewRowsRead: 0.001,
  queueOperations: 0.4,
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

/** Queue operations of a message of so many bytes. */
export function operationsOf(bytes: number): number {
  return 3 * Math.max(Math.ceil(bytes / 64_000), 1);
}
