import { timedD1 } from "./d1-deadline.ts";
import type { Env } from "./environment.ts";
import type { Shard, ShardOf } from "./log/shard.ts";

/** What a transaction in D1 may take: D1 itself gives up at 30 s. */
export const MOST_TIME_OF_D1 = 30_000;

/** Shards whose databases are waited for only so long. */
export function timedShards(bareShards: (env: Env) => ShardOf): (env: Env) => ShardOf {
  return (env) => {
    const shardOf = bareShards(env);
    const timed = new Map<number, Shard>();
    return (tenant) => {
      const shard = shardOf(tenant);
      const known = timed.get(shard.id) ?? { ...shard, log: timedD1(shard.log, MOST_TIME_OF_D1), views: timedD1(shard.views, MOST_TIME_OF_D1) };
      timed.set(shard.id, known);
      return known;
    };
  };
}
