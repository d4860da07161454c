import type { RecordedEvent } from "../../src/kernel/index.ts";

/** How long (milliseconds) new events wait for those that are on their way: a send that hangs holds nobody longer who comes later. */
const LONGEST_WAIT = 100;
/**
 * How long (milliseconds) there is between the beginnings of two sends, where events wait for the second: each message costs three queue
 * operations and a turn of the projector, however little it brings.
 */
const APART = 25;
/** Characters of events that wait, at most: they are to go in few messages. */
const MOST_WAITING = 100_000;
/** Of an event beside its data, as a guess. */
const AROUND_DATA = 500;

interface Waiting {
  readonly events: RecordedEvent[];
  characters: number;
  readonly sent: PromiseWithResolvers<boolean>;
}

/**
 * What is committed while a send is under way goes together with what else is, once that is done and a moment has passed. A stream that is
 * written to all the time so takes few messages; a lone event waits for nobody.
 */
export class GatheredSends {
  readonly #send: (events: readonly RecordedEvent[]) => Promise<boolean>;
  readonly #now: () => number;
  #waiting: Waiting | undefined;
  /** The newest send that is under way, or that others keep their distance from. */
  #underWay: { readonly since: number } | undefined;

  /** `send` never rejects, and says whether it was sent. */
  constructor(send: (events: readonly RecordedEvent[]) => Promise<boolean>, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /** Sends events, which follow those given before, at once or with others. Says whether they were sent. */
  send(events: readonly RecordedEvent[]): Promise<boolean> {
    const waiting = (this.#waiting ??= { events: [], characters: 0, sent: Promise.withResolvers<boolean>() });
    for (const event of events) {
      waiting.events.push(event);
      waiting.characters += event.data.length + AROUND_DATA;
    }
    const hasWaited = this.#underWay === undefined || this.#now() - this.#underWay.since >= LONGEST_WAIT;
    if (hasWaited || waiting.characters >= MOST_WAITING) this.#sendWaiting();
    return waiting.sent.promise;
  }

  #sendWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const own = { since: this.#now() };
    this.#underWay = own;
    void this.#send(waiting.events).then((isSent) => {
      waiting.sent.resolve(isSent);
      this.#afterwards(own);
      return undefined;
    });
  }

  /** A send is done: those who have waited for it follow, in their time. */
  #afterwards(own: { readonly since: number }): void {
    if (this.#underWay !== own) return this.#sendWaiting();
    const follow = (): void => {
      this.#underWay = undefined;
      this.#sendWaiting();
    };
    const early = own.since + APART - this.#now();
    if (this.#waiting === undefined || early <= 0) return follow();
    // (They may have grown to be much by then, and gone.)
    setTimeout(() => this.#underWay === own && follow(), early);
  }
}
