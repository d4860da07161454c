import { errandInstances } from "./checks/errands-on-disk.ts";
import { finalState } from "./checks/final-state.ts";
import { type ErrandAction, errandStreams } from "./errand-story.ts";
import type { World } from "./world/world.ts";

/** Times that everybody who is stuck is retried; each gets a step further. */
const MOST_RETRIES = 8;

const METADATA = {
  correlationId: "c-3",
  priority: "normal",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  actor: "key:simulation",
} as const;

type Executing = { execute(request: object): Promise<{ readonly ok: boolean }> };

/** Those who ask for errands, and the operator who looks after them. */
export class Errands {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  act(action: ErrandAction): Promise<void> {
    const { ask, instance } = errandStreams(action.errand);
    switch (action.do) {
      case "ask":
        return this.#command(ask, { name: "Ask", data: { n: action.n, from: action.from, to: action.to } }, "ask");
      case "confirm":
        return this.#command(ask, { name: "Confirm", data: {} }, "confirm");
      case "cancel":
        return this.#command(instance, { name: "Cancel", data: { reason: "the story says so" } }, "cancel");
      default:
        return this.#command(instance, { name: "Retry", data: {} }, "retry");
    }
  }

  /** An operator retries what is stuck until nothing is. False where that never comes to rest. */
  async heal(rest: () => Promise<boolean>): Promise<boolean> {
    const { client, clock } = this.#world;
    for (let round = 1; round <= MOST_RETRIES; round++) {
      const stuck = errandInstances(finalState(this.#world)).filter(({ status }) => status === "stuck");
      if (stuck.length === 0) return true;
      const retry = ({ stream }: { readonly stream: string }): Promise<void> => this.#command(stream, { name: "Retry", data: {} }, `heal-${round}`);
      clock.after(0, () => client.run(() => stuck.forEach((instance) => void retry(instance))));
      if (!(await rest())) return false;
    }
    return true;
  }

  /** A command, sent again with its key until its outcome is known. */
  async #command(stream: string, command: { readonly name: string; readonly data: object }, key: string): Promise<void> {
    const { client, draws, faults } = this.#world;
    const { AGGREGATE } = this.#world.envFor(client);
    const idempotency = { key, fingerprint: key };
    const request = { command, precondition: { kind: "none" }, source: "/simulation", metadata: METADATA, idempotency };
    for (let tries = 0; tries < 4; tries++) {
      try {
        const { ok } = await (AGGREGATE.get(AGGREGATE.idFromName(stream)) as unknown as Executing).execute(request);
        if (ok) faults.count(`errand ${command.name}`);
        return;
      } catch {
        await new Promise<void>((resolve) => setTimeout(resolve, draws.between("asks until it is known", 10, 8_000)));
      }
    }
  }
}
