/**
 * List prices in dollars per million, beyond what the Workers Paid plan includes (November 2026):
 * https://developers.cloudflare.com/workers/platform/pricing/ (requests), …/durable-objects/platform/pricing/ (requests, rows),
 * …/d1/platform/pricing/ (rows), …/queues/platform/pricing/ (operations). The bench's figures and a tenant's estimated bill are made of these.
 */
export const DOLLARS_PER_MILLION = { requests: 0.3, objectRequests: 0.15, rowsWritten: 1, rowsRead: 0.001, queueOperations: 0.4 } as const;

/** Bytes of a message that one queue operation carries. */
const OPERATION_BYTES = 64_000;

/** Queue operations of a message of so many bytes: writing, reading and deleting it is an operation each, for each 64 KB of it. */
export function queueOperationsOf(bytes: number): number {
  return 3 * Math.max(1, Math.ceil(bytes / OPERATION_BYTES));
}
