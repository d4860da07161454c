import type { LoggedEvent } from "../../src/kernel/index.ts";

/** An event on the main way: waiting, on its way, or settled. */
export interface Entry {
  readonly event: LoggedEvent;
  /** What may not be overtaken: the stream; without order, the event alone. */
  readonly key: string;
  state: "waiting" | "underway" | "settled";
}

/**
 * The part of the log that a follower has taken up and not yet settled, in the order of positions. The cursor stands before the
 * first event that is not settled, whatever is done behind it.
 */
export class Window {
  /** Everything up to here was taken up. */
  taken: number;
  /** The mark of the event up to which was looked last. */
  #looked: { readonly position: number; readonly entry: string | null };
  #entries: Entry[] = [];
  /** The last event that was settled with all before it: its mark tells a log that was set back. */
  #last: { readonly position: number; readonly entry: string | null };

  constructor(position: number, entry: string | null) {
    this.taken = position;
    this.#last = { position, entry };
    this.#looked = this.#last;
  }

  /** Takes up what was read, up to where was looked, and the mark of the event there. */
  take(entries: readonly Entry[], lookedTo: number, entry: string | null): void {
    this.#entries.push(...entries);
    this.taken = Math.max(this.taken, lookedTo);
    this.#looked = { position: lookedTo, entry };
  }

  /** What was read up to here is nothing to the follower. */
  skipTo(position: number): void {
    this.taken = Math.max(this.taken, position);
  }

  /** Events that are not settled. */
  get size(): number {
    this.#trim();
    return this.#entries.length;
  }

  /** Everything up to here is settled; and the mark of the event there, if the log was read so far. */
  get settled(): { readonly position: number; readonly entry: string | null } {
    this.#trim();
    const first = this.#entries[0];
    const position = first === undefined ? this.taken : first.event.position - 1;
    return { position, entry: [this.#last, this.#looked].find((marked) => marked.position === position)?.entry ?? null };
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
    if (last !== undefined) this.#last = { position: last.position, entry: last.entry ?? null };
  }
}
