import { z } from "zod";

/** How often an event is tried, and how long between two attempts (milliseconds). */
export const retryPolicy = z.object({
  maxAttempts: z.int().min(1).max(100).default(8),
  minDelayMs: z.int().min(1).max(86_400_000).default(1_000),
  maxDelayMs: z.int().min(1).max(86_400_000).default(3_600_000),
});

export type RetryPolicy = Readonly<z.output<typeof retryPolicy>>;

/** Bytes of an answer's body that are kept with an attempt. */
export const MAX_KEPT_BODY = 1024;

/** What became of one attempt to deliver an event to a sink. */
export type Outcome =
  | { readonly kind: "delivered"; readonly status?: number; readonly body?: string }
  /** `retryAfterMs`: how long the sink asks to be left alone. `isFinal`: trying again would not help. */
  | {
      readonly kind: "failed";
      readonly status?: number;
      readonly error: string;
      readonly body?: string;
      readonly retryAfterMs?: number;
      readonly isFinal?: boolean;
    }
  /** The sink wants nothing more, ever: its subscription is disabled. */
  | { readonly kind: "gone"; readonly status?: number; readonly error: string; readonly body?: string };

/** An attempt as it is kept: when (RFC 3339), what came back, and how long it took. */
export interface Attempt {
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  /** The beginning of the answer's body, at most 1 KB. */
  readonly body?: string;
}

/**
 * The pause (milliseconds) after a failed attempt, the first being 1: exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter), never less than what the sink asked for.
 * `chance` is from 0 up to 1.
 */
export function retryDelay({ minDelayMs, maxDelayMs }: RetryPolicy, attempt: number, chance: number, retryAfterMs = 0): number {
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt, 40));
  return Math.max(Math.ceil(ceiling * chance), Math.min(retryAfterMs, Math.max(maxDelayMs, 86_400_000)), 1);
}
