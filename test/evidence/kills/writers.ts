import type { Append, Outcome } from "../../../src/testing/history/operation.ts";
import type { Chance } from "../../support/chance.ts";
import { append, type Recorded } from "./recorded-client.ts";
import { pause } from "../../local/waiting.ts";

const names = (kind: string, count: number): readonly string[] => Array.from({ length: count }, (_, index) => `load-${kind}${index}`);

/** Streams that are sent to once and never asked again: what a crash leaves unfinished there, only the platform can finish. */
export const QUIET_STREAMS = names("quiet", 12);
/** Streams whose appends carry an Idempotency-Key, or ids of the client's own, and are sent again after a crash. */
const KEYED_STREAMS = names("keyed", 6);
/** The one of them that somebody follows live. */
export const FOLLOWED_STREAM = "load-keyed0";
const OUTSIDE_STREAMS = names("outside", 2);
/** Streams that several clients append to with If-Match, each with the version that it knows. */
const MATCHED_STREAMS = names("matched", 3);

/** Every stream that is sure to have events after the first round. */
export const STREAMS = [...QUIET_STREAMS, ...KEYED_STREAMS, ...OUTSIDE_STREAMS, ...MATCHED_STREAMS];

/** The events of each append of a burst. */
const BURST = 50;

/** Times that what must be answered is sent, while the answer is "unknown" or "later". */
const MOST_REPEATS = 20;

interface Sent {
  readonly append: Append;
  isAnswered: boolean;
}

/** Clients that append, and send again what had no answer. */
export class Writers {
  /** The tokens of the newest answers, for readers. */
  readonly tokens: string[] = [];
  readonly #to: Recorded;
  readonly #chance: Chance;
  readonly #repeatable: Sent[] = [];
  /** What clients think that a stream's version is. */
  readonly #versions = new Map<string, number>();
  #count = 0;
  #rounds = 0;
  #answered = 0;

  constructor(to: Recorded, chance: Chance) {
    this.#to = to;
    this.#chance = chance;
  }

  /** Appends that were acknowledged so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Begins; resolves when every client has met the end of the server. */
  async run(clients: number): Promise<void> {
    const round = this.#rounds++;
    await Promise.all([
      ...Array.from({ length: clients }, async () => {
        do await pause(this.#chance.upTo(20));
        while ((await this.#send(this.#next())).phase !== "unknown");
      }),
      // Several want the same new stream: one gets it.
      ...Array.from({ length: 3 }, () => this.#send({ ...this.#append(`load-new${round}`, 2), precondition: { ifNoneMatch: "*" } })),
    ]);
  }

  /** Appends much to every quiet stream and to the one that is followed, at once; resolves with the first answer, when most of it is still under way. */
  async burst(): Promise<void> {
    await Promise.any(
      [...QUIET_STREAMS, FOLLOWED_STREAM].map(async (stream) => {
        if ((await this.#send(this.#append(stream, BURST))).phase !== "ok") throw new Error("the server is gone");
      }),
    );
  }

  /**
   * Sends again what has a key or ids: what had no answer, and the last of each stream as a client would that lost the answer. Throws
   * where one is not answered at last.
   */
  async settle(): Promise<void> {
    const answered = this.#repeatable.filter(({ isAnswered }) => isAnswered);
    const newest = new Map(answered.map((sent) => [sent.append.stream, sent]));
    for (const sent of [...this.#repeatable.filter(({ isAnswered }) => !isAnswered), ...newest.values()]) {
      for (let repeat = 0; (await this.#send(sent.append, sent)).phase !== "ok"; repeat++) {
        if (repeat === MOST_REPEATS) throw new Error(`expected the append ${JSON.stringify(sent.append)} to be answered when it is sent again`);
        await pause(100);
      }
    }
  }

  #next(): Append {
    const stream = this.#chance.pick(STREAMS);
    const append = this.#append(stream, this.#chance.once(2) ? 1 : 1 + this.#chance.upTo(5));
    if (MATCHED_STREAMS.includes(stream)) return { ...append, precondition: { ifMatch: `"${this.#versions.get(stream) ?? 0}"` } };
    return append;
  }

  #append(stream: string, size: number): Append {
    const name = `append-${this.#count++}`;
    const isOutside = OUTSIDE_STREAMS.includes(stream);
    const events = Array.from({ length: size }, (_, index) => ({
      type: `load.Type${index % 6}`,
      data: { tag: `${name}/${index}` },
      ...(isOutside && { id: `${name}/${index}`, source: "/load" }),
    }));
    return { kind: "append", stream, events, ...(KEYED_STREAMS.includes(stream) && { idempotencyKey: name }) };
  }

  async #send(operation: Append, again?: Sent): Promise<Outcome<Append>> {
    const isRepeatable = operation.idempotencyKey !== undefined || operation.events[0]?.id !== undefined;
    const sent = again ?? { append: operation, isAnswered: false };
    if (again === undefined && isRepeatable) this.#repeatable.push(sent);
    const outcome = await append(this.#to, operation);
    if (outcome.phase === "ok") {
      this.#answered++;
      sent.isAnswered = true;
      this.#knows(operation.stream, outcome.result.events.at(-1)?.version);
      if (outcome.result.token !== undefined) this.tokens.push(outcome.result.token);
    }
    if (outcome.phase === "failed") {
      const { status, code, currentVersion } = outcome.refusal;
      if (status !== 412 && status !== 429) throw new Error(`expected ${JSON.stringify(operation)} to be taken, got ${status} ${code}`);
      this.#knows(operation.stream, currentVersion);
    }
    return outcome;
  }

  #knows(stream: string, version = 0): void {
    this.#versions.set(stream, Math.max(version, this.#versions.get(stream) ?? 0));
  }
}
