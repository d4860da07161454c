import type { FollowersAsked } from "./checks/check-followers.ts";
import { partitionsOnDisk } from "./checks/followers-on-disk.ts";
import type { Clients } from "./clients.ts";
import type { Errands } from "./errands.ts";
import type { Pullers } from "./pullers.ts";
import type { Subscribers } from "./subscribers.ts";
import type { World } from "./world/world.ts";

interface Healing {
  readonly world: World;
  readonly clients: Clients;
  readonly subscribers: Subscribers;
  readonly pullers: Pullers;
  readonly errands: Errands;
  /** Comes to rest; false where it does not. */
  readonly rest: () => Promise<boolean>;
  /** The log was set back. */
  readonly isLog: boolean;
}

/**
 * Sinks are well from here on, and those who pull acknowledge what they get: whoever was paused, disabled or had stopped is resumed, a
 * stream of each tenant and those that wait behind a dead letter get one more event, every dead letter is redriven, and so is every saga that is stuck. Undefined where it
 * does not come to rest.
 */
export async function healFollowers(
  { world, clients, subscribers, pullers, errands, rest, isLog }: Healing,
  streams: readonly string[],
): Promise<FollowersAsked["healed"]> {
  const { client, clock, log } = world;
  const time = clock.time;
  const followers = followersOf(world);
  const doAll = <Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<boolean> => {
    clock.after(0, () => client.run(() => items.forEach((item) => void work(item))));
    return rest();
  };
  // Nobody wakes one that is pulled: what came, and that the log is another one, it sees when somebody asks.
  const pulled = followers.filter((follower) => isPulled(world, follower));
  const drain = async (): Promise<boolean> => pulled.length === 0 || doAll(pulled, (follower) => pullers.drain(follower));
  const grown = grownOf(world, followers, streams);
  const grow = (): Promise<boolean> => doAll(grown, (stream) => clients.append({ at: 0, do: "append", stream, count: 1, ids: [], when: "none" }));
  // That a log was set back, some notice only when it has grown again.
  if (isLog && !(await grow())) return undefined;
  // Who was paused while the log was set back sees it when it is resumed, and stops.
  for (let round = 0; round < (isLog ? 2 : 1); round++) {
    if (!(await drain())) return undefined;
    const halted = followers.filter((follower) => isHalted(world, follower));
    if (!(await doAll(halted, (follower) => subscribers.steer(follower, "Resume")))) return undefined;
  }
  const heads = new Map(log.database.rows<{ tenant: string; position: number }>("SELECT tenant, position FROM heads").map((row) => [row.tenant, row.position]));
  if (!(await grow()) || !(await drain())) return undefined;
  const redriven = await doAll(
    followers.filter((follower) => hasParked(world, follower)),
    (follower) => subscribers.steer(follower, "RedriveAll"),
  );
  // What a saga does once it is retried, those who pull get, too.
  return redriven && (await errands.heal(rest)) && (await drain()) ? { heads, time } : undefined;
}

/** Whether a follower goes no further by itself, or takes nothing. */
function isHalted(world: World, follower: string): boolean {
  return partitionsOnDisk(world, follower).some(({ told, cursor }) => told?.definition.status !== "active" || (cursor?.stopped ?? null) !== null);
}

function isPulled(world: World, follower: string): boolean {
  return partitionsOnDisk(world, follower).some(({ told }) => told?.definition.sink === "pull");
}

/** The streams that get one more event: where nobody subscribed, none. */
function grownOf(world: World, followers: readonly string[], streams: readonly string[]): readonly string[] {
  const tenants = new Set(followers.filter((follower) => follower.includes("/subscription:")).map((follower) => follower.split("/")[0]));
  const parked = new Set(
    followers.flatMap((follower) =>
      partitionsOnDisk(world, follower).flatMap(({ lanes }) => [...lanes.keys()].map((key) => `${follower.split("/")[0]}/${key}`)),
    ),
  );
  const own = streams.filter((stream) => tenants.has(stream.split("/")[0]));
  return own.filter((stream, index) => parked.has(stream) || own.findIndex((other) => other.split("/")[0] === stream.split("/")[0]) === index);
}

function hasParked(world: World, follower: string): boolean {
  return partitionsOnDisk(world, follower).some(({ lanes }) => [...lanes.values()].some(({ state }) => state === "parked"));
}

/** Everybody who follows a log, by the objects that there are. */
function followersOf({ followers, streams }: World): readonly string[] {
  const made = [...streams.hosts.values()].flatMap(({ name }) => {
    const [, tenant, id] = /^([^/]*)\/rivulet_subscription-(.*)$/.exec(name) ?? [];
    return tenant === undefined ? [] : [`${tenant}/subscription:${id}`];
  });
  const handlers = [...followers.hosts.values()].filter(({ idName }) => /\/handler:[^/]+\/0$/.test(idName)).map(({ idName }) => idName.slice(0, -2));
  return [...made, ...handlers];
}
