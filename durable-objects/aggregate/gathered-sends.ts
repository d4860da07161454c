import type { RecordedEvent } from "../../src/kernel/index.ts";

/** How long (milliseconds) new events wait for a send that is under way: one that hangs holds nobody longer who comes later. */
const LONGEST_WAIT = 100;
/**
 * How long (milliseconds) there is at least between the beginnings of two sends, where nobody says otherwise: each message costs three
 * queue operations and a turn of the projector, however little it brings.
 */
export const SENDS_APART = 25;
/** Characters of events that wait, at most: they are to go in few messages. */
const MOST_WAITING = 100_000;
/** Of an event beside its data, as a guess. */
const AROUND_DATA = 500;

interface Waiting {
  readonly events: RecordedEvent[];
  characters: number;
  readonly sent: PromiseWithResolvers<boolean>;
}

/** A send that others wait for: until it is done, and a moment has passed since it began. */
interface Last {
  readonly since: number;
  isDone: boolean;
}

/**
 * What is committed just after a send has begun goes together with what else is, once that is done and a moment has passed. A stream that
 * is written to all the time so takes few messages; a lone event waits for nobody.
 */
export class GatheredSends {
  readonly #send: (events: readonly RecordedEvent[]) => Promise<boolean>;
  readonly #now: () => number;
  readonly #apart: number;
  #waiting: Waiting | undefined;
  /** The newest send. */
  #last: Last | undefined;

  /** `send` never rejects, and says whether it was sent; `apart` is how long (milliseconds) there is at least between two of them. */
  constructor(send: (events: readonly RecordedEvent[]) => Promise<boolean>, { now, apart }: { readonly now: () => number; readonly apart: number }) {
    this.#send = send;
    this.#now = now;
    this.#apart = apart;
  }

  /** Sends events, which follow those given before, at once or with others. Says whether they were sent. */
  send(events: readonly RecordedEvent[]): Promise<boolean> {
    const isFirst = this.#waiting === undefined;
    const waiting = (this.#waiting ??= { events: [], characters: 0, sent: Promise.withResolvers<boolean>() });
    for (const event of events) {
      waiting.events.push(event);
      waiting.characters += event.data.length + AROUND_DATA;
    }
    const early = this.#last === undefined ? 0 : this.#last.since + (this.#last.isDone ? this.#apart : LONGEST_WAIT) - this.#now();
    if (early <= 0 || waiting.characters >= MOST_WAITING) this.#sendWaiting();
    else if (isFirst && this.#last?.isDone) this.#later(this.#last, early);
    return waiting.sent.promise;
  }

  #sendWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const own: Last = { since: this.#now(), isDone: false };
    this.#last = own;
    void this.#send(waiting.events).then((isSent) => {
      own.isDone = true;
      waiting.sent.resolve(isSent);
      if (this.#waiting !== undefined) this.#later(own, own.since + this.#apart - this.#now());
      return undefined;
    });
  }

  /** Sends what waits, unless it has grown to be much and is gone by then. */
  #later(last: Last, milliseconds: number): void {
    const follow = (): void => {
      if (this.#last === last) this.#sendWaiting();
    };
    if (milliseconds <= 0) follow();
    // (A clock that was put back must not hold it for longer.)
    else setTimeout(follow, Math.min(milliseconds, this.#apart));
  }
}
