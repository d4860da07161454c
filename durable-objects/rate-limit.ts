import { DurableObject } from "cloudflare:workers";
import { countedFor, largestLease, SlidingWindow } from "../src/kernel/index.ts";
import { forgetAll } from "./forget-all.ts";

/** At most how many requests in how many seconds; of one object always the same. */
export interface LimitAsked {
  readonly limit: number;
  readonly periodSeconds: number;
}

/** Whether a request may pass, and what is left. */
export interface LimitAnswered {
  readonly isAdmitted: boolean;
  /** Requests that would pass at once after this one. */
  readonly remaining: number;
  /** Seconds, rounded up, until there is one more; 0 where nothing is used. */
  readonly resetSeconds: number;
}

/** How many requests may pass, and what is left. */
export interface LimitLeased extends Omit<LimitAnswered, "isAdmitted"> {
  readonly granted: number;
}

/** Admissions that were written down together before the first of them, and when (milliseconds since 1970). */
interface Block {
  readonly sequence: number;
  readonly since: number;
}

/** Parts that a limit is written down in: each costs one row, and what is left of one is lost with the object's memory. */
const PARTS = 20;

/** How long (seconds) a nonce is kept at least: twice as long as its signature is taken, for clocks that differ. */
const NONCE_KEPT = 600;
/** Nonces that are cleared away with each that is taken: more than come, so that there are never many more than of that time. */
const MOST_CLEARED = 10;

/**
 * The requests of one key. Exact: never more than the limit in any window, also over a restart. What is admitted is written down ahead, a
 * twentieth of the limit at a time, so most requests write nothing; an object that lost its memory takes all that it wrote down as used, as
 * late as it can have been. So it may admit less after a restart, never more.
 */
export class RateLimitObject<Env = unknown> extends DurableObject<Env> {
  #window: SlidingWindow | undefined;
  #sequence = 0;
  /** Admissions that are written down and not used yet. */
  #left = 0;
  #last = 0;

  /** Takes one request. */
  take(asked: LimitAsked): LimitAnswered {
    const { granted, ...left } = this.lease({ ...asked, wanted: 1 });
    return { isAdmitted: granted > 0, ...left };
  }

  /** Takes as many requests as are wanted and free, at most a tenth of a large limit and one of a small one. */
  lease({ wanted, ...asked }: LimitAsked & { readonly wanted: number }): LimitLeased {
    // A clock that is set back would let what has passed count for less.
    const now = (this.#last = Math.max(this.#last, this.now()));
    const window = (this.#window ??= this.#restored(asked.limit, countedFor(asked), now));
    let granted = 0;
    for (const most = Math.min(wanted, largestLease(asked)); granted < most && window.admit(now); granted++) this.#writeDown(asked.limit, now);
    return { granted, remaining: window.free(now), resetSeconds: Math.ceil(window.untilMore(now) / 1_000) };
  }

  /** Takes the nonce of a signature that was made at a time (seconds since 1970); false where it was taken before. Kept on disk until no signature of that time is taken. */
  takeNonce(created: number, nonce: string): boolean {
    const { kv } = this.ctx.storage;
    const over = kv.list({ prefix: "nonce:", end: `nonce:${placed(Math.floor(this.now() / 1_000) - NONCE_KEPT)}`, limit: MOST_CLEARED });
    for (const [old] of over) kv.delete(old);
    const name = `nonce:${placed(created)}:${nonce}`;
    if (kv.get(name) !== undefined) return false;
    kv.put(name, 1);
    return true;
  }

  /** The tenant is deleted. */
  async forget(): Promise<void> {
    this.#window = undefined;
    this.#left = 0;
    await forgetAll(this.ctx);
  }

  /** Milliseconds since 1970. */
  protected now(): number {
    return Date.now();
  }

  #writeDown(limit: number, now: number): void {
    if (this.#left === 0) {
      this.#left = sizeOf(limit);
      this.#sequence++;
      // As many blocks as a window can speak of, and one more that is begun: older ones are over, and are written over.
      this.ctx.storage.kv.put(`block:${this.#sequence % (PARTS + 2)}`, { sequence: this.#sequence, since: now } satisfies Block);
    }
    this.#left--;
  }

  #restored(limit: number, period: number, now: number): SlidingWindow {
    const window = new SlidingWindow(limit, period);
    const blocks = [...this.ctx.storage.kv.list<Block>({ prefix: "block:" })].map(([, block]) => block).sort((one, other) => one.sequence - other.sequence);
    for (const [index, { sequence, since }] of blocks.entries()) {
      // A block is begun by its first admission; the others came before the next one was begun, and those of the last one before now.
      const latest = blocks[index + 1]?.since ?? now;
      for (let place = 0; place < sizeOf(limit); place++) window.occupy((place === 0 ? since : latest) + period);
      this.#sequence = sequence;
    }
    return window;
  }
}

/** A time so that times sort as texts. */
function placed(seconds: number): string {
  return String(seconds).padStart(12, "0");
}

/** Admissions that one row stands for. */
function sizeOf(limit: number): number {
  return Math.ceil(limit / PARTS);
}
