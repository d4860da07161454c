/** How long (milliseconds) what was leased may be used, by the clock of whoever leased it, from before it asked. */
export const LEASE_USED = 500;
/** How long it is held against the limit: longer, for a clock stands still while code runs. */
export const LEASE_HELD = 1_000;

/** Above so many requests a second a limit is leased out; below, each request asks. */
const ASKED_EACH_TIME = 100;
/** The share of a limit that one lease may be. */
const LARGEST_LEASE = 10;

/** At most how many requests in how many seconds. */
interface Limit {
  readonly limit: number;
  readonly periodSeconds: number;
}

/** Whether a limit is so large that isolates take several of its admissions at a time. */
export function isLeased({ limit, periodSeconds }: Limit): boolean {
  return limit / periodSeconds > ASKED_EACH_TIME;
}

/** Admissions that may be taken at a time: a tenth of the limit; one where each request asks. */
export function largestLease(limit: Limit): number {
  return isLeased(limit) ? Math.floor(limit.limit / LARGEST_LEASE) : 1;
}

/**
 * How long (milliseconds) an admission counts. What was leased is used within a while after it was given, so it counts that much longer:
 * less may be admitted than the limit, never more.
 */
export function countedFor(limit: Limit): number {
  return limit.periodSeconds * 1_000 + (isLeased(limit) ? LEASE_HELD : 0);
}
