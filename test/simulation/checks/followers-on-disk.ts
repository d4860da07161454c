import { type Cursor, type Lane, LEASES, type Told } from "../../../durable-objects/follower/follower-store.ts";
import { FILTERS } from "../follower-story.ts";
import type { ObjectHost } from "../world/object-host.ts";
import type { World } from "../world/world.ts";

/** One partition of a follower, as its object has it on disk. */
export interface PartitionOnDisk {
  readonly name: string;
  readonly told: Told | undefined;
  readonly cursor: Cursor | undefined;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly replays: readonly { readonly id: string; readonly state: string; readonly position: number; readonly to: number }[];
  readonly redrives: readonly { readonly id: string; readonly state: string }[];
  /** Positions that somebody has leased, or that came back from who had. */
  readonly outstanding: readonly number[];
  readonly isHeard: boolean;
}

/** All partitions there are of a follower (`t1/subscription:a`), in their order. */
export function partitionsOnDisk({ followers }: World, follower: string): readonly PartitionOnDisk[] {
  const hosts = [...followers.hosts.values()].filter(({ idName }) => idName.slice(0, idName.lastIndexOf("/")) === follower);
  return hosts.sort((one, other) => (one.idName < other.idName ? -1 : 1)).map(partitionOnDisk);
}

function partitionOnDisk({ name, database }: ObjectHost): PartitionOnDisk {
  const isThere = database.rows("SELECT 1 FROM sqlite_master WHERE name = 'kept_v1'").length > 0;
  const kept = isThere ? database.rows<{ key: string; value: string }>("SELECT key, value FROM kept_v1 ORDER BY key") : [];
  const lanes = isThere ? database.rows<{ key: string; value: string }>("SELECT key, value FROM lanes_v1") : [];
  const byKey = new Map(kept.map(({ key, value }) => [key, JSON.parse(value)]));
  const all = (prefix: string): never => [...byKey].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value) as never;
  return {
    name,
    told: byKey.get("told") as Told | undefined,
    cursor: byKey.get("cursor") as Cursor | undefined,
    lanes: new Map(lanes.map(({ key, value }) => [key, JSON.parse(value) as Lane])),
    replays: all("replay:"),
    redrives: all("redrive:"),
    outstanding: Object.keys((byKey.get(LEASES) as { readonly items: object } | undefined)?.items ?? {}).map(Number),
    isHeard: byKey.has("heard"),
  };
}

/** Whether a filter of a story lets an event through. */
export function passesFilter(filter: unknown, event: { readonly stream: string; readonly version: number }): boolean {
  const named = Object.values(FILTERS).find((one) => JSON.stringify(one.filter) === JSON.stringify(filter));
  return filter === undefined || named?.matches(event) === true;
}
