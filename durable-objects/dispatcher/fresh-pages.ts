import type { FreshSlice, LoggedPage, LogHead, MarkedEvent } from "../../src/kernel/index.ts";

/** Characters of pages that are held at a time; where that is less than what somebody lacks, the log is read. */
const MOST_HELD = 4_000_000;
/** Events and characters that are given at a time, unless one page alone has more. */
const SLICE_EVENTS = 500;
const SLICE_CHARACTERS = 1_000_000;

interface Held {
  readonly after: number;
  readonly to: number;
  readonly entryAt: string | null;
  readonly characters: number;
  /** Read when it is first asked for, once for all who ask. */
  readonly events: () => readonly MarkedEvent[];
}

/** What has just come into a tenant's log, page behind page, as long as somebody who follows it may want it. */
export class FreshPages {
  readonly #eventsOn: (page: LoggedPage) => readonly MarkedEvent[];
  #pages: readonly Held[] = [];
  #head: LogHead = { position: 0, epoch: "" };

  constructor(eventsOn: (page: LoggedPage) => readonly MarkedEvent[]) {
    this.#eventsOn = eventsOn;
  }

  /** These came into the log, of which this is the head now. What does not stand behind what is held takes its place. */
  add(head: LogHead, pages: readonly LoggedPage[]): void {
    const [first] = pages;
    if (first === undefined) return;
    const isNext = head.epoch === this.#head.epoch && this.#pages.at(-1)?.to === first.after;
    this.#head = head;
    this.#pages = [...(isNext ? this.#pages : []), ...pages.map((page) => this.#held(page))];
    let held = this.#pages.reduce((sum, { characters }) => sum + characters, 0);
    while (held > MOST_HELD) {
      held -= this.#pages[0]?.characters ?? 0;
      this.#pages = this.#pages.slice(1);
    }
  }

  /** What comes after a position; undefined where that is not held. */
  after(position: number): FreshSlice | undefined {
    const at = this.#pages.findIndex(({ after, to }) => after <= position && position < to);
    const [first, ...next] = at < 0 ? [] : this.#pages.slice(at);
    if (first === undefined) return undefined;
    const done = position - first.after;
    const events = first.events().slice(done);
    let { characters } = first;
    for (const page of next) {
      characters += page.characters;
      if (events.length + page.to - page.after > SLICE_EVENTS || characters > SLICE_CHARACTERS) break;
      events.push(...page.events());
    }
    return { ...this.#head, entryAt: done === 0 ? first.entryAt : (first.events()[done - 1]?.entry ?? null), events };
  }

  /** Nobody wants what comes up to a position any more. */
  forget(position: number): void {
    if ((this.#pages[0]?.to ?? Infinity) <= position) this.#pages = this.#pages.filter(({ to }) => to > position);
  }

  /** From here on the log is to be read. */
  clear(): void {
    this.#pages = [];
  }

  #held(page: LoggedPage): Held {
    const { after, to, entryAt, rows } = page;
    let events: readonly MarkedEvent[] | undefined;
    return { after, to, entryAt, characters: rows.length, events: () => (events ??= this.#eventsOn(page)) };
  }
}
