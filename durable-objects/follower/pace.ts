import { type FollowerDefinition, partitionsOf } from "./contract.ts";

const MINUTE = 60_000;

/**
 * Keeps one partition to its share of the attempts that a sink wants in a minute (WebHook-Allowed-Rate). It counts in memory alone: an
 * object that was put away has been idle, and what its alarm wakes it for is due when the count begins anew.
 */
export class Pace {
  #ends = 0;
  #left = 0;

  /** When an attempt may be made (milliseconds since 1970): now, and then it counts as made, or later. */
  next({ ratePerMinute, concurrency }: Pick<FollowerDefinition, "ratePerMinute" | "concurrency">, now: number): number {
    if (ratePerMinute === undefined) return now;
    const share = ratePerMinute / partitionsOf({ concurrency });
    if (now >= this.#ends) {
      // Less than one a minute is one in more than a minute.
      this.#left = Math.max(1, Math.floor(share));
      this.#ends = now + Math.ceil((this.#left / share) * MINUTE);
    }
    if (this.#left === 0) return this.#ends;
    this.#left--;
    return now;
  }
}
