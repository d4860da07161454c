import type { AggregatePorts } from "../durable-objects/aggregate/contract.ts";
import { within } from "./deadline.ts";
import { purgeCopies } from "./log/purge-copies.ts";
import { copiesOf, loggedStream } from "./log/read-log.ts";
import type { ShardOf } from "./log/shard.ts";

/** What an aggregate's object asks of its tenant's log, each within a time (milliseconds) where the object waits for it. */
export function logPorts(shardOf: ShardOf, mostTime: number): Pick<AggregatePorts, "send" | "logged" | "copies" | "purgeCopies" | "shardOf"> {
  return {
    async send(tenant, messages) {
      await shardOf(tenant).queue.sendBatch(messages.map((body) => ({ body, contentType: "text" })));
    },
    logged: ({ tenant, stream }) => within(mostTime, "the log", loggedStream(shardOf(tenant).log, tenant, stream)),
    copies: ({ tenant, stream }, ids) => copiesOf(shardOf(tenant).log, tenant, stream, ids),
    purgeCopies: ({ tenant, stream }, ids) => purgeCopies(shardOf(tenant).log, tenant, stream, ids),
    shardOf: (tenant) => shardOf(tenant).id,
  };
}
