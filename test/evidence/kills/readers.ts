import type { Chance } from "../../support/chance.ts";
import { pause } from "../../local/waiting.ts";
import { readEventTypes, readLog, type Recorded, readStream } from "./recorded-client.ts";
import { STREAMS, type Writers } from "./writers.ts";

/** How far back a read of a stream begins, so that it stays a page. */
const BACK = 200;

/** Clients that read with the newest tokens, and streams as they are. */
export class Readers {
  readonly #to: Recorded;
  readonly #chance: Chance;
  readonly #writers: Writers;
  /** Each read of the log begins behind what an earlier one saw, except for a few positions. */
  #position = 0;
  readonly #versions = new Map<string, number>();

  constructor(to: Recorded, chance: Chance, writers: Writers) {
    this.#to = to;
    this.#chance = chance;
    this.#writers = writers;
  }

  /** Reads until the server is gone. */
  async run(clients: number): Promise<void> {
    await Promise.all(
      Array.from({ length: clients }, async () => {
        do await pause(this.#chance.upTo(60));
        while (await this.#read());
      }),
    );
  }

  /** False where the server is gone. A 503 to a token is an answer: not yet. */
  async #read(): Promise<boolean> {
    const token = this.#writers.tokens.at(-1);
    if (token === undefined) return true;
    const what = this.#chance.upTo(3);
    const outcome = await (what === 1
      ? this.#log(token)
      : what === 2
        ? readEventTypes(this.#to, { kind: "read-view", view: "event-types", token })
        : this.#stream());
    return outcome.phase !== "unknown" || outcome.reason.startsWith("503");
  }

  async #log(token: string) {
    const outcome = await readLog(this.#to, { kind: "read-log", after: Math.max(0, this.#position - this.#chance.upTo(50)), token });
    if (outcome.phase === "ok") this.#position = Math.max(this.#position, outcome.result.position);
    return outcome;
  }

  async #stream() {
    const stream = this.#chance.pick(STREAMS);
    const outcome = await readStream(this.#to, { kind: "read-stream", stream, from: Math.max(1, (this.#versions.get(stream) ?? 0) - BACK) });
    if (outcome.phase === "ok") this.#versions.set(stream, outcome.result.version);
    return outcome;
  }
}
