import type { Leased } from "../../durable-objects/follower/contract.ts";
import type { Handling, PullAction } from "./pull-story.ts";
import { refOf, streamOf } from "./subscribers.ts";
import type { PulledEvent, Settling } from "./world/pulled.ts";
import type { World } from "./world/world.ts";

type Method = (...args: unknown[]) => Promise<unknown>;

/** How often somebody who was not answered says again what became of its events. */
const MOST_TRIES = 3;
/** Longer (milliseconds) than the longest lease, and than the longest pause before another attempt. */
const LONGER_THAN_ANY_LEASE = 61_000;
/** Empty answers after which nothing is left: a lease that ran out, the pause after it, and one more. */
const EMPTY_ANSWERS = 3;

/** Those who pull: they lease, as the API does it, and acknowledge, refuse or forget what they got. */
export class Pullers {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async pull({ follower, limit, leaseMs, works, handling, reason }: PullAction): Promise<void> {
    if (!this.#isMade(follower)) return;
    const events = await this.#lease(follower, limit, leaseMs);
    if (events === undefined || events.length === 0) return;
    this.#world.faults.count(`pull: ${handling}`);
    if (works > 0) await pause(works);
    for (const { how, some } of this.#settlings(handling, events)) await this.#settle(follower, how, some, reason);
  }

  /** Leases and acknowledges until nothing comes any more, and nobody else holds anything. */
  async drain(follower: string): Promise<void> {
    for (let empty = 0; empty < EMPTY_ANSWERS;) {
      const events = await this.#lease(follower, 100, 1_000);
      if (events === undefined) return;
      empty = events.length === 0 ? empty + 1 : 0;
      if (events.length > 0) await this.#settle(follower, "acknowledge", events);
      else await pause(LONGER_THAN_ANY_LEASE);
    }
  }

  /** What is said of the events, one call after the other. */
  #settlings(handling: Handling, events: readonly PulledEvent[]): readonly { readonly how: Settling["how"]; readonly some: readonly PulledEvent[] }[] {
    const isMeant = events.map(() => this.#world.draws.once("settled", 2));
    const some = events.filter((_, index) => isMeant[index]);
    const others = events.filter((_, index) => !isMeant[index]);
    const calls: Readonly<Record<Handling, readonly { readonly how: Settling["how"]; readonly some: readonly PulledEvent[] }[]>> = {
      acknowledge: [{ how: "acknowledge", some: events }],
      "acknowledge each": events.map((event) => ({ how: "acknowledge", some: [event] })),
      "acknowledge backwards": events.toReversed().map((event) => ({ how: "acknowledge", some: [event] })),
      "acknowledge some": [{ how: "acknowledge", some }],
      refuse: [{ how: "refuse", some: events }],
      "refuse some": [
        { how: "refuse", some },
        { how: "acknowledge", some: others },
      ],
      vanish: [],
    };
    return calls[handling].filter((call) => call.some.length > 0);
  }

  async #lease(follower: string, limit: number, leaseMs: number): Promise<readonly PulledEvent[] | undefined> {
    this.#world.activity++;
    try {
      const leased = (await this.#object(follower)["lease"]?.(limit, leaseMs)) as Leased | { readonly refused: string };
      if ("refused" in leased) return undefined;
      const until = Date.parse(leased.until);
      const events = leased.events.map(({ event, position, attempt }): PulledEvent => {
        const { id, stream, version, type } = JSON.parse(event) as Omit<PulledEvent, "position" | "attempt">;
        return { id, stream, version, type, position, attempt };
      });
      this.#world.pulled.leases.push({ follower, given: until - leaseMs, until, ended: this.#world.clock.time, limit, events });
      return events;
    } catch {
      // What it may have leased nobody knows of: it comes again when the lease has run out.
      return undefined;
    }
  }

  async #settle(follower: string, how: Settling["how"], events: readonly PulledEvent[], reason?: string): Promise<void> {
    const positions = events.map(({ position }) => position);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      this.#world.activity++;
      const settling: Settling = { follower, how, events, began: this.#world.clock.time };
      this.#world.pulled.settlings.push(settling);
      try {
        const object = this.#object(follower);
        const counted = (await (how === "acknowledge" ? object["acknowledge"]?.(positions) : object["refuse"]?.(positions, reason))) as number;
        Object.assign(settling, { counted, ended: this.#world.clock.time });
        return;
      } catch {
        settling.ended = this.#world.clock.time;
        await pause(this.#world.draws.between("settles again", 10, 3_000));
      }
    }
  }

  /** Of a subscription that nobody made the API tells, and asks no follower. */
  #isMade(follower: string): boolean {
    const { streams } = this.#world;
    const database = streams.hosts.get(streams.idOf(streamOf(refOf(follower))))?.database;
    return (database?.rows("SELECT 1 FROM sqlite_master WHERE name = 'events_v1'").length ?? 0) > 0;
  }

  #object(follower: string): Record<string, Method> {
    const { FOLLOWER } = this.#world.envFor(this.#world.client);
    return FOLLOWER.get(FOLLOWER.idFromName(`${follower}/0`)) as unknown as Record<string, Method>;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
