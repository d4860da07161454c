import type { CircuitPort } from "../durable-objects/follower/contract.ts";
import type { ObjectNamespaces } from "../durable-objects/object-for.ts";
import type { Sent, SentCommand } from "./commands/send-command.ts";
import type { Decider, Handler } from "./kernel/index.ts";
import type { ShardOf } from "./log/shard.ts";
import type { Tracer } from "./tracing/tracer.ts";
import type { Sealer } from "./webhooks/seal.ts";

/** What followers are composed of; the composition root gives it. */
export interface Composed {
  readonly env: ObjectNamespaces;
  readonly shardOf: ShardOf;
  readonly handlers: readonly Handler[];
  readonly decider: (category: string) => Decider | undefined;
  /** Which categories' deciders declare each event type. */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
  readonly send: (command: SentCommand) => Promise<Sent>;
  readonly sealer: Sealer | undefined;
  readonly circuit: CircuitOf;
  /** What stands behind a port, for a tenant; undefined where nothing does. */
  readonly port: (tenant: string, name: string) => unknown;
  /** Until when nothing is done for a tenant, for it is suspended; 0 where it is not. */
  readonly restsUntil: (tenant: string) => number | Promise<number>;
  /** The same for what writes to the tenant's log: it rests also while a quota of it is full. */
  readonly writersRestUntil: (tenant: string) => number | Promise<number>;
  readonly allowLocalTargets: boolean;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** Of this invocation; undefined where tracing is off. */
  readonly tracer: Tracer | undefined;
  /** Where traces are kept, if they are. */
  readonly telemetry: D1Database | undefined;
}

/** A circuit for each sink of a tenant. */
export interface CircuitOf {
  admit(tenant: string, sink: string, now: number): ReturnType<CircuitPort["admit"]>;
  record(tenant: string, sink: string, outcomes: readonly boolean[], now: number): ReturnType<CircuitPort["record"]>;
}
