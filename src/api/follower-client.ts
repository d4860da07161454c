import type { FollowerStanding, Leased } from "../../durable-objects/follower/contract.ts";
import type { Attempt, LoggedEvent, Outcome } from "../kernel/index.ts";

/** A follower as the API reaches it: all its partitions as one. */
export interface FollowerClient {
  /** Its stream says something new: it looks at once. */
  told(): Promise<void>;
  /** How it stands, its partitions joined, and the head of the log. */
  standing(): Promise<FollowerStanding & { readonly head: number }>;
  /** Events for one who pulls, nobody else's for so many milliseconds. */
  lease(limit: number, leaseMs: number): Promise<Leased>;
  /** How many of these positions were leased, and are done now. */
  acknowledge(positions: readonly number[]): Promise<{ readonly acknowledged: number }>;
  /** How many of these positions were leased, and count as a failed attempt now. */
  refuse(positions: readonly number[], reason?: string): Promise<{ readonly refused: number }>;
  /** One attempt with an event that stands in no log. */
  test(event: LoggedEvent): Promise<{ readonly attempt: Attempt; readonly outcome: Outcome["kind"] }>;
}
