import { expect } from "vitest";
import type { Chance } from "../support/chance.ts";
import { type AppendedEvent, ask } from "./api.ts";

/** An append that was tried, and what is known of it. */
export interface Attempt {
  readonly stream: string;
  /** In each event's data: which append, and the how-manieth of it. */
  readonly tags: readonly string[];
  /** Its Idempotency-Key, where it has one. */
  readonly key?: string;
  /** The answer, once there was one: undefined is "unknown". */
  events?: readonly AppendedEvent[];
}

/** Streams that are sent to once and never asked again: what a crash leaves unfinished there, only the platform can finish. */
export const QUIET_STREAMS = Array.from({ length: 12 }, (_, index) => `load-quiet${index}`);
/** Streams whose appends carry an Idempotency-Key and are tried again after a crash. */
const KEYED_STREAMS = Array.from({ length: 8 }, (_, index) => `load-keyed${index}`);

export const STREAMS = [...QUIET_STREAMS, ...KEYED_STREAMS];

/** The events of each append of a burst. */
const BURST = 50;

/** Clients that append as fast as a short pause lets them, each until the server is gone. */
export class Load {
  readonly attempts: Attempt[] = [];
  readonly #chance: Chance;
  #count = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  get acknowledged(): readonly Required<Pick<Attempt, "events" | "stream" | "tags">>[] {
    return this.attempts.filter((attempt) => attempt.events !== undefined) as never;
  }

  /** Begins; resolves when every client has met the end of the server. */
  async run(url: string, clients: number): Promise<void> {
    await Promise.all(
      Array.from({ length: clients }, async () => {
        do await new Promise((resolve) => setTimeout(resolve, this.#chance.upTo(20)));
        while (await this.#try(url, this.#next()));
      }),
    );
  }

  /** Appends much to every quiet stream at once; resolves with the first answer, when most of it is still under way. */
  async burst(url: string): Promise<void> {
    await Promise.any(
      QUIET_STREAMS.map(async (stream) => {
        if (!(await this.#try(url, this.#attempt(stream, BURST)))) throw new Error("the server is gone");
      }),
    );
  }

  /**
   * Sends again what has a key: what had no answer, and the last of each stream as a client would that lost the answer, which must
   * then be the first one.
   */
  async settle(url: string): Promise<void> {
    const keyed = this.attempts.filter(({ key }) => key !== undefined);
    const newest = new Map(keyed.filter(({ events }) => events !== undefined).map((attempt) => [attempt.stream, attempt]));
    for (const attempt of [...keyed.filter(({ events }) => events === undefined), ...newest.values()]) {
      const first = attempt.events;
      if (!(await this.#try(url, attempt))) throw new Error(`expected the append ${attempt.key} to be answered when it is sent again`);
      if (first !== undefined) expect(attempt.events, `the answer to ${attempt.key} when it is sent again`).toEqual(first);
    }
  }

  #next(): Attempt {
    return this.#attempt(this.#chance.pick(STREAMS), this.#chance.once(2) ? 1 : 1 + this.#chance.upTo(5));
  }

  #attempt(stream: string, size: number): Attempt {
    const name = `append-${this.#count++}`;
    const tags = Array.from({ length: size }, (_, index) => `${name}/${index}`);
    const attempt: Attempt = { stream, tags, ...(KEYED_STREAMS.includes(stream) && { key: name }) };
    this.attempts.push(attempt);
    return attempt;
  }

  /** False where the server is gone. */
  async #try(url: string, attempt: Attempt): Promise<boolean> {
    try {
      const { status, body } = await ask<{ events: readonly AppendedEvent[] }>(url, `/v1/streams/${attempt.stream}/events`, {
        method: "POST",
        body: { events: attempt.tags.map((tag, index) => ({ type: `load.Type${index % 6}`, data: { tag } })) },
        ...(attempt.key !== undefined && { headers: { "idempotency-key": attempt.key } }),
      });
      if (status === 201) attempt.events = body.events;
      else if (status < 500) throw new TypeError(`expected the append to be taken, got ${status} ${JSON.stringify(body)}`);
      return true;
    } catch (fault) {
      // What fetch throws for a connection that breaks is a TypeError too, but with a cause.
      if (fault instanceof TypeError && fault.cause === undefined) throw fault;
      return false;
    }
  }
}
