import type { AggregateObject } from "../../durable-objects/aggregate.ts";
import type { Shard } from "../log/shard.ts";
import type { Sealer } from "../webhooks/seal.ts";

/** What the API reaches, given by the composition root. */
export interface Services {
  objectFor(tenant: string, stream: string): DurableObjectStub<AggregateObject>;
  shardOf(tenant: string): Shard;
  /** Brings a stream up to this version into the log and the views, at once, without waiting for the queue. */
  projectNow(tenant: string, stream: string, version: number): Promise<void>;
  /** Undefined where the deployment has no `MASTER_KEY`: then nothing that needs a secret works, and says so. */
  readonly sealer: Sealer | undefined;
  /** Undefined where the deployment has no `ADMIN_KEY`: then no key is good. */
  readonly adminKey: string | undefined;
  readonly views: readonly { readonly name: string; readonly version: number }[];
}
