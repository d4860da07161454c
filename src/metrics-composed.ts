import type { FollowerIdentity, FollowerPorts, WorkStanding } from "../durable-objects/follower/contract.ts";
import { metricsFor, type ObjectNamespaces } from "../durable-objects/object-for.ts";
import { countedObjects, tenantOf } from "./counted-objects.ts";
import type { ObservedRequest } from "./api/observed.ts";
import { within } from "./deadline.ts";
import { followerName } from "./followers/dead-letters.ts";
import { categoryOf, type LoggedEvent } from "./kernel/index.ts";
import type { ProjectorObserver } from "./log/projector.ts";
import type { ShardOf } from "./log/shard.ts";
import { gapsIn, positionsIn } from "./metrics/gaps.ts";
import { queueOperationsOf } from "./metrics/prices.ts";
import { type Batch, type Flushing, Registry } from "./metrics/registry.ts";
import type { Lost } from "./tracing/sink-lane.ts";
import type { LogReader } from "./views/engine.ts";

/** What the counting needs of the bindings and variables. */
export interface MetricsEnv extends ObjectNamespaces {
  /** Milliseconds between two flushes of an isolate, 5,000 where left out. */
  readonly METRICS_EVERY_MS?: string;
}

/** Milliseconds between two flushes of an isolate. */
export const FLUSH_EVERY = 5_000;
/** What a call of the metrics object may take. */
const MOST_TIME = 5_000;

/** What an isolate counts, wherever in it: the parts are wrapped, and know nothing of it. */
export class Metering {
  readonly registry = new Registry(() => crypto.randomUUID());
  readonly #shardsOf: (env: never) => ShardOf;
  readonly #now: () => number;
  readonly #counted = new WeakMap<object, ObjectNamespaces>();

  constructor(shardsOf: (env: never) => ShardOf, now: () => number) {
    this.#shardsOf = shardsOf;
    this.#now = now;
  }

  /** Sees to it that what was counted is sent; for `waitUntil`, or, in an object, for nobody. */
  soon(env: MetricsEnv): Promise<void> | undefined {
    const flushing = this.#flushing(env);
    return flushing && this.registry.soon(flushing);
  }

  /** The same for an invocation that others wait behind, such as that of a queue's batch: what is not due is left to the next. */
  ifDue(env: MetricsEnv): Promise<void> | undefined {
    const flushing = this.#flushing(env);
    return flushing && this.registry.ifDue(flushing);
  }

  /** Sends what this isolate has counted. */
  async flush(env: MetricsEnv): Promise<void> {
    const flushing = this.#flushing(env);
    if (flushing !== undefined) await this.registry.flush(flushing);
  }

  /** A request that was answered. One whose tenant nobody proved is not counted: anybody could make up tenants. */
  request({ tenant, operation, status, durationMs, isRepeat, hasWritten }: ObservedRequest): void {
    if (tenant === undefined || operation === undefined) return;
    const { registry } = this;
    registry.count(tenant, "rivulet_requests_total", { operation, status: String(status) });
    if (isRepeat) registry.count(tenant, "rivulet_duplicates_total", { operation });
    if (status === 429 || status === 503) registry.count(tenant, "rivulet_rate_limited_total", { operation });
    if (hasWritten) registry.observe(tenant, "rivulet_append_duration_seconds", {}, durationMs);
  }

  /** The bindings, calls of the tenants' objects counted. */
  objects<Bindings extends ObjectNamespaces>(env: Bindings): Bindings {
    const known = this.#counted.get(env) as Bindings | undefined;
    if (known !== undefined) return known;
    const counted = countedObjects(env, (tenant, object) => this.registry.count(tenant, "rivulet_object_requests_total", { object }));
    this.#counted.set(env, counted);
    return counted;
  }

  /** An object's alarm has rung: billed as a call of it. */
  alarm(objectName: string | undefined, object: string): void {
    if (objectName !== undefined) this.registry.count(tenantOf(objectName), "rivulet_object_requests_total", { object });
  }

  /** What happens on the way to the log. */
  projector(): ProjectorObserver {
    const { registry } = this;
    return {
      received(tenant, bytes) {
        registry.count(tenant, "rivulet_queue_operations_total", {}, queueOperationsOf(bytes));
        // A message stands for the commits that it tells of: their alarm is a row, and a request when it rings.
        registry.count(tenant, "rivulet_object_rows_written_total", {});
        registry.count(tenant, "rivulet_object_requests_total", { object: "stream" });
      },
      written: (events, rowsWritten) => {
        const now = this.#now();
        // Told of by what they have in common: one by one they would cost as much as half their way into the log.
        for (const [tenant, own] of Map.groupBy(events, (item) => item.tenant)) {
          registry.count(tenant, "rivulet_object_rows_written_total", {}, own.length);
          // One commit may be of several tenants.
          registry.count(tenant, "rivulet_log_rows_written_total", {}, (rowsWritten / events.length) * own.length);
          for (const [category, { length }] of Map.groupBy(own, ({ event }) => categoryOf(event.stream)))
            registry.count(tenant, "rivulet_events_published_total", { category }, length);
          for (const [recorded, { length }] of Map.groupBy(own, ({ event }) => event.recorded))
            registry.observe(tenant, "rivulet_log_delay_seconds", {}, now - Date.parse(recorded), length);
        }
      },
      forked: (tenant) => registry.count(tenant, "rivulet_log_forks_total", {}),
      late: (tenant) => registry.count(tenant, "rivulet_tails_total", {}),
    };
  }

  /** What sinks of traces did not get. */
  lostSpans(): Lost {
    return (sink, lost) => {
      for (const { tenant, spans } of lost) this.registry.count(tenant, "rivulet_spans_lost_total", { sink }, spans.length);
    };
  }

  /** Moves views, and looks at what they are given: whether positions are missing, and how late they are. */
  async views<Result extends { readonly position: number }>(
    tenant: string,
    given: { readonly db: D1Database; readonly log: LogReader },
    move: (metered: { readonly db: D1Database; readonly log: LogReader }) => Promise<Result>,
  ): Promise<Result> {
    const { registry } = this;
    const seen = new Seen();
    const db = countingRows(given.db, (rows) => registry.count(tenant, "rivulet_view_rows_written_total", {}, rows));
    const log: LogReader = {
      async follow(tenant, query) {
        const slice = await given.log.follow(tenant, query);
        const gaps = gapsIn(query.position, slice.events);
        registry.count(tenant, "rivulet_log_gaps_total", {}, positionsIn(gaps));
        registry.gaps(tenant, gaps);
        seen.take(slice.events);
        return slice;
      },
    };
    const moved = await move({ db, log });
    for (const [recorded, { length }] of seen.upTo(moved.position))
      registry.observe(tenant, "rivulet_view_delay_seconds", {}, this.#now() - Date.parse(recorded), length);
    return moved;
  }

  /** A follower's ports, counted. */
  follower(ports: FollowerPorts, env: MetricsEnv): FollowerPorts {
    const { registry } = this;
    return {
      ...ports,
      deliver: async (follower, definition, delivery) => {
        const start = this.#now();
        const outcome = await ports.deliver(follower, definition, delivery);
        const { tenant, kind } = follower;
        const { event, attempt, replay } = delivery;
        const name = followerName(follower);
        registry.count(tenant, "rivulet_deliveries_total", { follower: name, outcome: outcome.kind });
        if (attempt > 1) registry.count(tenant, "rivulet_retries_total", { follower: name });
        registry.observe(tenant, "rivulet_delivery_duration_seconds", { kind }, this.#now() - start);
        const isNews = outcome.kind === "delivered" && replay === undefined;
        if (isNews) registry.observe(tenant, "rivulet_delivery_delay_seconds", { kind }, this.#now() - Date.parse(event.recorded));
        void this.soon(env);
        return outcome;
      },
      circuit: {
        admit: (follower) => ports.circuit.admit(follower),
        async record(follower, outcomes) {
          const recorded = await ports.circuit.record(follower, outcomes);
          const state = recorded.hasOpened ? "open" : recorded.hasClosed ? "closed" : undefined;
          if (state !== undefined) registry.count(follower.tenant, "rivulet_circuit_changes_total", { follower: followerName(follower), state });
          return recorded;
        },
      },
      park: async (follower, letter) => {
        await ports.park(follower, letter);
        registry.count(follower.tenant, "rivulet_dead_letters_total", { follower: followerName(follower) });
        void this.soon(env);
      },
      stands: (follower, standing) => {
        this.#stands(follower, standing);
        void this.soon(env);
      },
    };
  }

  #stands(follower: FollowerIdentity, standing: WorkStanding | undefined): void {
    const labels = { follower: followerName(follower), partition: String(follower.partition) };
    const { lag, position } = { lag: undefined, position: undefined, ...standing };
    if (position === undefined) this.registry.gauge(follower.tenant, "rivulet_follower_lag_events", labels, lag);
    if (lag === undefined) this.registry.gauge(follower.tenant, "rivulet_pull_position", { follower: labels.follower }, position);
    this.registry.gauge(follower.tenant, "rivulet_follower_waiting_streams", labels, standing?.waiting);
  }

  /** Undefined where there is nobody to send to. */
  #flushing(env: MetricsEnv): Flushing | undefined {
    if ((env.METRICS as unknown) === undefined) return undefined;
    const shardOf = this.#shardsOf(env as never);
    return {
      every: Number(env.METRICS_EVERY_MS ?? FLUSH_EVERY),
      shardOf: (tenant) => shardOf(tenant).id,
      send: async (batch: Batch) => within(MOST_TIME, "the metrics", metricsFor(env, batch.shard).add(batch) as Promise<void>),
      now: () => Date.now(),
      wait: (milliseconds) => scheduler.wait(milliseconds),
    };
  }
}

/** The events that a call was given, until it is known how far it has come. */
class Seen {
  readonly #news: LoggedEvent[] = [];
  #highest = 0;

  /** What is built beside the live views reads older events again, after them: those are no news. */
  take(events: readonly LoggedEvent[]): void {
    for (const event of events) if (event.position > this.#highest) this.#news.push(event);
    this.#highest = Math.max(this.#highest, events.at(-1)?.position ?? 0);
  }

  /** Those up to a position, by when they were recorded. */
  upTo(position: number): ReadonlyMap<string, readonly LoggedEvent[]> {
    const reached = this.#news.filter((event) => event.position <= position);
    return Map.groupBy(reached, ({ recorded }) => recorded);
  }
}

/** A database that tells how many rows its transactions wrote, as D1 bills them. */
function countingRows(db: D1Database, wrote: (rows: number) => void): D1Database {
  return {
    prepare: (sql: string) => db.prepare(sql),
    async batch(statements: D1PreparedStatement[]) {
      const results = await db.batch(statements);
      wrote(results.reduce((sum, { meta }) => sum + (meta?.rows_written ?? 0), 0));
      return results;
    },
  } as unknown as D1Database;
}
