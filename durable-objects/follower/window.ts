import type { LoggedEvent } from "../../src/kernel/index.ts";

/** An event on the main way: waiting, on its way, or settled. */
export interface Entry {
  readonly event: LoggedEvent;
  /** What may not be overtaken: the stream; without order, the event alone. */
  readonly key: string;
  state: "waiting" | "underway" | "settled";
}

/** A position, and the mark of the event there; null where nobody knows it, and at 0. */
interface Marked {
  readonly position: number;
  readonly entry: string | null;
}

/**
 * The part of the log that a follower has taken up and not yet settled, in the order of positions. The cursor stands before the
 * first event that is not settled, whatever is done behind it, and where its mark is known: without one, nobody could tell a log that
 * was set back meanwhile.
 */
export class Window {
  #looked: Marked;
  /** It was only told that it need not look further back. */
  #isTold = false;
  #entries: Entry[] = [];
  #settled: Marked;

  constructor({ position, entry }: Marked) {
    this.#looked = { position, entry };
    this.#settled = this.#looked;
  }

  /** Everything up to here was taken up. */
  get taken(): number {
    return this.#looked.position;
  }

  /** The same, and the mark of the event there: the next page begins behind that. */
  get looked(): Marked {
    return this.#looked;
  }

  /** Takes up what was read, up to where was looked, and the mark of the event there. */
  take(entries: readonly Entry[], lookedTo: number, entry: string | null): void {
    this.#isTold = false;
    this.#trim();
    this.#entries.push(...entries);
    this.#looked = { position: Math.max(this.taken, lookedTo), entry };
  }

  /** It is told that what comes up to here is nothing to the follower; settled it is once the log was seen to have that mark. */
  skipTo(told: Marked): void {
    if (told.position <= this.taken) return;
    this.#trim();
    this.#looked = told;
    this.#isTold = true;
  }

  /** What it was told was not so: it stands again where it was before. False where it was told nothing since. */
  takeBack(): boolean {
    if (!this.#isTold) return false;
    this.#looked = this.#settled;
    this.#isTold = false;
    return true;
  }

  /** Events that are not settled. */
  get size(): number {
    this.#trim();
    return this.#entries.length;
  }

  /** Everything up to here is settled; and the mark of the event there, if the log was read so far. */
  get settled(): Marked {
    this.#trim();
    return this.#settled;
  }

  /** The first event that waits and may go, none of its key being on its way. */
  next(busy: ReadonlySet<string>): Entry | undefined {
    const passed = new Set(busy);
    return this.#entries.find(({ state, key }) => {
      if (state !== "waiting") return false;
      const isFree = !passed.has(key);
      passed.add(key);
      return isFree;
    });
  }

  /** What waits of a key leaves the main way: a lane has it now. */
  drop(key: string): void {
    for (const entry of this.#entries) if (entry.key === key && entry.state === "waiting") entry.state = "settled";
  }

  #trim(): void {
    const first = this.#entries.findIndex(({ state }) => state !== "settled");
    const settled = this.#entries.splice(0, first === -1 ? this.#entries.length : first);
    const last = settled.at(-1)?.event;
    if (this.#entries.length === 0 && !this.#isTold) this.#settled = this.#looked;
    else if (last !== undefined) this.#settled = { position: last.position, entry: last.entry ?? null };
  }
}
