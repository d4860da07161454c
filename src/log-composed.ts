import type { AggregatePorts } from "../durable-objects/aggregate/contract.ts";
import { dispatcherFor, objectFor } from "../durable-objects/object-for.ts";
import { timedD1 } from "./d1-deadline.ts";
import { within } from "./deadline.ts";
import type { Env } from "./env.ts";
import type { FreshAfter, LoggedPage, LogHead } from "./kernel/index.ts";
import { markForked } from "./log/mark-forked.ts";
import { unmarkForked } from "./log/unmark-forked.ts";
import type { ProjectorPorts } from "./log/projector.ts";
import { purgeCopies } from "./log/purge-copies.ts";
import { ReachedLogs } from "./log/reached-logs.ts";
import { logReached } from "./log/log-heads.ts";
import { copiesOf, followLog, loggedStream } from "./log/read-log.ts";
import type { Shard, ShardOf } from "./log/shard.ts";
import type { Metering } from "./metrics-composed.ts";
import type { Tracer } from "./tracing/tracer.ts";
import type { LogReader } from "./views/engine.ts";

/** What a part may take to answer another (milliseconds). */
const MOST_TIME = 10_000;
/** What a transaction in D1 may take: D1 itself gives up at 30 s. */
export const MOST_TIME_OF_D1 = 30_000;

/** The shards, each of whose databases answers in time or rejects. */
export function timedShards(bare: (env: Env) => ShardOf): (env: Env) => ShardOf {
  return (env) => {
    const shardOf = bare(env);
    const timed = new Map<number, Shard>();
    return (tenant) => {
      const shard = shardOf(tenant);
      const known = timed.get(shard.id) ?? { ...shard, log: timedD1(shard.log, MOST_TIME_OF_D1), views: timedD1(shard.views, MOST_TIME_OF_D1) };
      timed.set(shard.id, known);
      return known;
    };
  };
}

/** The log, as views follow it. */
export function logReader(shardOf: ShardOf): LogReader {
  return {
    // Views see the platform's own events too.
    follow: (tenant, query) => followLog(shardOf(tenant).log, tenant, query),
  };
}

/** The log to whom somebody has handed on what is new in it: who stands there need not read it. */
export function logReaderWith(fresh: FreshAfter, log: LogReader): LogReader {
  return { follow: async (tenant, query) => fresh(query.position) ?? log.follow(tenant, query) };
}

interface Given {
  readonly shardsOf: (env: Env) => ShardOf;
  readonly now: () => number;
  readonly metering: Metering;
  readonly tracerIn: (env: Env) => Tracer | undefined;
  /** How long (milliseconds) there is at least between two messages of one stream. */
  readonly sendsApart: number;
}

/** The way from the objects into the log: what streams and the projector reach beyond themselves. What it remembers, an isolate's objects share. */
export class LogComposed {
  readonly #given: Given;
  readonly #reachedLogs: ReachedLogs;

  constructor(given: Given) {
    this.#given = given;
    this.#reachedLogs = new ReachedLogs(given.now);
  }

  projectorPorts(env: Env): ProjectorPorts {
    const { metering, tracerIn } = this.#given;
    return {
      tracer: tracerIn(env),
      eventsAfter: (tenant, stream, after, maxCharacters) => within(MOST_TIME, stream, objectFor(env, tenant, stream).eventsAfter(after, maxCharacters)),
      followed: (tenant, head, pages) => this.#tell(env, tenant, head, pages),
      forget: (tenant, stream) => within(MOST_TIME, stream, objectFor(env, tenant, stream).forget()),
      observer: metering.projector(),
    };
  }

  aggregatePorts(env: Env): AggregatePorts {
    const { shardsOf, metering, sendsApart, now } = this.#given;
    const shardOf = shardsOf(env);
    return {
      sendsApart,
      async send(tenant, messages) {
        const { queue } = shardOf(tenant);
        const [message] = messages;
        // A batch travels as base64 within JSON, a lone message as it is.
        if (messages.length === 1) await queue.send(message as string, { contentType: "text" });
        else await queue.sendBatch(messages.map((body) => ({ body, contentType: "text" })));
      },
      logged: ({ tenant, stream }) => within(MOST_TIME, "the log", loggedStream(shardOf(tenant).log, tenant, stream)),
      reached: (tenant) => this.#reachedLogs.reached(tenant, () => within(MOST_TIME, "the log", logReached(shardOf(tenant).log, tenant))),
      lastReached: (tenant) => this.#reachedLogs.known(tenant),
      copies: ({ tenant, stream }, ids) => copiesOf(shardOf(tenant).log, tenant, stream, ids),
      purgeCopies: ({ tenant, stream }, ids) => purgeCopies(shardOf(tenant).log, tenant, stream, ids),
      async markForked(identity, reason) {
        await markForked(shardOf(identity.tenant).log, identity, reason);
        metering.projector().forked(identity.tenant);
        void metering.soon(env);
      },
      unmarkForked: (identity, end) => unmarkForked(shardOf(identity.tenant).log, identity, end),
      waits({ tenant, stream }, tail) {
        metering.registry.tail(tenant, stream, tail);
        void metering.soon(env);
      },
      announce: (tenant, head) => this.#tell(env, tenant, head, []),
      shardOf: (tenant) => shardOf(tenant).id,
      now,
    };
  }

  #tell(env: Env, tenant: string, head: LogHead, pages: readonly LoggedPage[]): Promise<void> {
    // Also where it was told before: whoever tells it again mends a dispatcher that has lost its alarm.
    return within(MOST_TIME, "the dispatcher", dispatcherFor(env, tenant).advanced(head, pages));
  }
}
