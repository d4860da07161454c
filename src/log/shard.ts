/** The stores of one shard. A tenant lives on one shard, whole. */
export interface Shard {
  readonly id: number;
  readonly queue: Queue<string>;
  readonly log: D1Database;
  readonly views: D1Database;
}

/** The bindings of every shard; their names stand in wrangler.toml. */
export interface ShardBindings {
  readonly EVENTS_0: Queue<string>;
  readonly LOG_0: D1Database;
  readonly VIEWS_0: D1Database;
}

/** Gives a tenant's stores: the one place that knows which shard a tenant lives on. */
export type ShardOf = (tenant: string) => Shard;

/** Today there is one shard. More are more bindings, and a rule here that never moves a tenant. */
export function shards(env: ShardBindings): ShardOf {
  const only: Shard = { id: 0, queue: env.EVENTS_0, log: env.LOG_0, views: env.VIEWS_0 };
  return () => only;
}
