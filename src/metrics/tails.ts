/** A stream that has looked, and found that the log lacks its end. Times are milliseconds since 1970. Plain data: it crosses RPC and is stored as JSON. */
export interface Tail {
  /** The stream's version then: once the log has that, what was said here is over. */
  readonly version: number;
  /** When the first event that the log lacks was recorded; later where nobody knows which one that is. */
  readonly since: number;
  /** When the stream said so. */
  readonly told: number;
  /** When it is forgotten, unless the stream says so again. */
  readonly until: number;
}

/** By the stream's name. */
export type Tails = Readonly<Record<string, Tail>>;

/** Streams of a tenant that are kept; of more, the number is not known. */
export const MOST_TAILS = 1_000;

/** Adds what was told; what came late does not replace what was said after it. */
export function addTail(tails: Map<string, Tail>, stream: string, tail: Tail): void {
  const known = tails.get(stream);
  if (known === undefined ? tails.size < MOST_TAILS : known.told <= tail.told) tails.set(stream, tail);
}

/** Forgets what was not said again in its time: whoever said it may be gone. */
export function forgetTails(tails: Map<string, Tail>, now: number): void {
  for (const [stream, { until }] of tails) if (until <= now) tails.delete(stream);
}

/** The streams that still wait. `logged`: how far the log has streams, with none that it takes no more of; undefined where it cannot be asked. */
export function stillWaiting(tails: Tails, logged: ReadonlyMap<string, number> | undefined): readonly Tail[] {
  return Object.entries(tails).flatMap(([stream, tail]) => ((logged?.get(stream) ?? 0) >= tail.version ? [] : [tail]));
}
