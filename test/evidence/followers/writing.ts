import { pause } from "../../local/waiting.ts";
import type { Client } from "./client.ts";
import type { Append } from "./traffic.ts";

const WRITERS = 4;

/** Appends that are made by a few clients side by side, each stream's in their order. */
export class Writing {
  /** Resolves when all are acknowledged. */
  readonly done: Promise<void>;
  readonly #all: number;
  #acknowledged = 0;
  #hasFailed = false;

  constructor(client: Client, appends: readonly Append[], gap = 0) {
    this.#all = appends.length;
    const byWriter = Map.groupBy(appends, ({ stream }) => Number(stream.replaceAll(/\D/g, "")) % WRITERS);
    this.done = Promise.all(
      [...byWriter.values()].map(async (own) => {
        for (const append of own) {
          await client.append(append);
          this.#acknowledged++;
          if (gap > 0) await pause(gap);
        }
      }),
    ).then(() => undefined);
    // It is told when it is awaited.
    this.done.catch(() => (this.#hasFailed = true));
  }

  /** Resolves when this part of them is acknowledged. */
  async isAt(part: number): Promise<void> {
    while (this.#acknowledged < part * this.#all && !this.#hasFailed) await pause(5);
  }
}
