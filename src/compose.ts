// Longer than usual: the one place that knows every part; each part is a line or a few, and they are wired nowhere else.

import { waitUntil } from "cloudflare:workers";
import { AggregateObject, type AggregateParts } from "../durable-objects/aggregate.ts";
import { SENDS_APART } from "../durable-objects/aggregate/gathered-sends.ts";
import { DispatcherObject, type DispatcherPorts } from "../durable-objects/dispatcher.ts";
import { EraserObject, type EraserPorts } from "../durable-objects/eraser.ts";
import { KeyRegistryObject } from "../durable-objects/key-registry.ts";
import { CircuitObject, circuitPort } from "../durable-objects/circuit.ts";
import { type DenialPorts, DenialsObject } from "../durable-objects/denials.ts";
import { FollowerObject } from "../durable-objects/follower.ts";
import type { FollowerPorts } from "../durable-objects/follower/contract.ts";
import { RateLimitObject } from "../durable-objects/rate-limit.ts";
import { TenantKeyObject } from "../durable-objects/tenant-key.ts";
import { MetricsObject } from "../durable-objects/metrics.ts";
import { AlertsObject } from "../durable-objects/alerts.ts";
import type { AlertPorts } from "../durable-objects/alerts/contract.ts";
import { alertsFor, dispatcherFor, eraserFor, keyRegistryFor, objectById, objectFor } from "../durable-objects/object-for.ts";
import { api } from "./api/app.ts";
import type { Env, Overrides } from "./env.ts";
import { LogComposed, logReader, logReaderWith, MOST_TIME_OF_D1, timedShards } from "./log-composed.ts";
import { platformOf } from "./platform-composed.ts";
import type { Services } from "./api/services.ts";
import { commandSender } from "./commands-composed.ts";
import { eraserPorts } from "./erasing-composed.ts";
import { JoinedAppends, maySettleAcross } from "./joined-appends.ts";
import { followerClient } from "./follower-client.ts";
import type { Composed } from "./follower-parts.ts";
import { followerPorts, routingPorts } from "./followers-composed.ts";
import { handshake } from "./followers/sink/handshake.ts";
import { portsOf } from "./ports-composed.ts";
import { sealers } from "./sealing-composed.ts";
import { sagaPort } from "./sagas-composed.ts";
import { denialPorts, identityServices, tenantState, writersStanding } from "./identity-composed.ts";
import { Resting } from "./identity/resting.ts";
import { alertPorts } from "./alerts-composed.ts";
import type { Series } from "./metrics/series.ts";
import { figuresOf } from "./figures.ts";
import { requestLog } from "./request-log.ts";
import { Metering } from "./metrics-composed.ts";
import { consume } from "./log/consume.ts";
import { project } from "./log/project.ts";
import { logHead } from "./log/log-heads.ts";
import { shards } from "./log/shard.ts";
import { defaultRate, tracedAppend, tracedObject, tracers } from "./tracing-composed.ts";
import type { Tracer } from "./tracing/tracer.ts";
import { timedD1 } from "./d1-deadline.ts";
import { eventsOn } from "./log/logged-page.ts";
import { advanceViews } from "./views/advance.ts";
import type { Seen } from "./views/generations.ts";

/** Puts the platform together: the one place that knows every part. */
export function compose(overrides: Overrides = {}) {
  const now = overrides.now ?? Date.now;
  const theFetch: typeof fetch = overrides.fetch ?? ((request, init) => fetch(request, init));
  const { domains, deciders, sagas, own, handlers, owners, views } = platformOf(overrides);
  const shardsOf = timedShards(overrides.shards ?? shards);
  const metering = new Metering(shardsOf, now);
  const tracerOf = tracers(now, theFetch, metering.lostSpans());
  const tracerIn = (env: Env, ctx?: Pick<DurableObjectState, "waitUntil">): Tracer | undefined => tracerOf(env, ctx && ((work) => ctx.waitUntil(work)));
  const logs = new LogComposed({ shardsOf, now, metering, tracerIn, sendsApart: overrides.sendsApart ?? SENDS_APART });

  class Aggregate extends AggregateObject<Env> {
    protected override parts(env: Env): AggregateParts {
      return {
        deciders,
        // Made for the one category that the object is of: most objects are no saga's.
        saga: (category) => {
          const saga = sagas.find((known) => known.category === category);
          return saga && sagaPort(saga, composed(metering.objects(env), this.ctx));
        },
        tracer: tracerIn(env, this.ctx),
        build: env.VERSION?.id ?? "local",
        ports: logs.aggregatePorts(metering.objects(env)),
      };
    }
  }

  class Dispatcher extends DispatcherObject<Env> {
    protected override ports(env: Env): DispatcherPorts {
      const shardOf = shardsOf(env);
      const tracer = tracerIn(env, this.ctx);
      // How the last move of the views has left them; what fails leaves nothing to believe. (An object is of one tenant.)
      let left: Seen | undefined;
      return {
        head: (tenant) => logHead(shardOf(tenant).log, tenant),
        eventsOn,
        async advanceViews(tenant, { fresh, isAnew }) {
          const given = { db: shardOf(tenant).views, log: logReaderWith(fresh, logReader(shardOf)) };
          const seen = isAnew ? undefined : left;
          left = undefined;
          const moved = await metering.views(tenant, given, (metered) => advanceViews({ ...metered, views, now, tracer }, tenant, seen));
          left = moved.seen;
          void metering.soon(env);
          const { stopped, isBuilding } = moved;
          if (stopped === undefined) return moved;
          // Trying again would not help: it says so, and looks again when there is something new.
          console.error("views: stopped", tenant, stopped);
          return { position: (await logHead(shardOf(tenant).log, tenant)).position, isBuilding };
        },
        routing: routingPorts(composed(metering.objects(env))),
        now,
      };
    }

    override alarm(): Promise<void> {
      metering.alarm(this.ctx.id.name, "dispatcher");
      return super.alarm();
    }
  }

  class Follower extends FollowerObject<Env> {
    protected override ports(env: Env): FollowerPorts {
      return metering.follower(followerPorts(composed(metering.objects(env), this.ctx)), env);
    }

    override alarm(): Promise<void> {
      metering.alarm(this.ctx.id.name, "follower");
      return super.alarm();
    }
  }

  const secretsOf = sealers(now);

  const resting = new Resting(now);
  const writersResting = new Resting(now);

  const composed = (env: Env, ctx?: Pick<DurableObjectState, "waitUntil">): Composed => ({
    env,
    tracer: tracerIn(env, ctx),
    telemetry: env.TELEMETRY,
    shardOf: shardsOf(env),
    handlers,
    decider: (category) => deciders.get(category),
    owners,
    send: commandSender({ env, decider: (category) => deciders.get(category), sealer: secretsOf(env), now }),
    sealer: secretsOf(env),
    circuit: circuitPort(env.CIRCUIT),
    port: overrides.port ?? portsOf(env, theFetch),
    restsUntil: (tenant) => resting.until(tenant, () => tenantState(env, tenant)),
    writersRestUntil: (tenant) => writersResting.until(tenant, () => writersStanding(env, shardsOf(env)(tenant).log, tenant, now())),
    allowLocalTargets: env.ALLOW_LOCAL_TARGETS === "1",
    fetch: theFetch,
    now,
  });

  /** A tenant's figures. What this isolate has counted is in them at once; what others have, within the time of their flush. */
  const figuresFor = (env: Env) => {
    const given = { env, shardOf: shardsOf(env), views, sagas, now };
    return async (tenant: string, wanted?: ReadonlySet<string>): Promise<Series> => {
      await metering.flush(env);
      return figuresOf(given, tenant, wanted);
    };
  };

  const services = (env: Env): Services => {
    const shardOf = shardsOf(env);
    const followers = composed(env);
    const joined = new JoinedAppends({ object: (tenant, stream) => objectFor(env, tenant, stream), waitUntil, now, maySettleAcross: maySettleAcross() });
    const logRequest = requestLog(env.LOG_LEVEL, (line) => console.log(line));
    return {
      objectFor: (tenant, stream) => tracedObject(objectFor(env, tenant, stream), stream),
      append: (tenant, stream, request) => tracedAppend(stream, request, (told) => joined.append(tenant, stream, told)),
      tracer: followers.tracer,
      traces: env.TELEMETRY && { db: timedD1(env.TELEMETRY, MOST_TIME_OF_D1), rate: defaultRate(env) },
      objectById: (id) => objectById(env, id),
      eventsAfter: logs.projectorPorts(env).eventsAfter,
      dispatcherFor: (tenant) => dispatcherFor(env, tenant),
      keyRegistryFor: (tenant, key) => keyRegistryFor(env, tenant, key),
      eraserFor: (tenant) => eraserFor(env, tenant),
      shardOf,
      async projectNow(tenant, written) {
        const { id, log } = shardOf(tenant);
        const hints = written.map(({ stream, version }) => ({ shard: id, tenant, stream, head: { version, hash: "" }, events: [] }));
        await project(log, hints, logs.projectorPorts(env));
      },
      decider: (category) => deciders.get(category),
      send: followers.send,
      sealer: followers.sealer,
      adminKey: env.ADMIN_KEY || undefined,
      ...identityServices({ env, shardOf, fetch: theFetch, allowLocalTargets: followers.allowLocalTargets, now, sealer: followers.sealer }),
      views,
      follower: (tenant, kind, id) => followerClient(followers, { tenant, kind, id }),
      handlers: own,
      sagas,
      askForLeave: (sink) => handshake({ fetch: theFetch }, sink),
      allowLocalTargets: followers.allowLocalTargets,
      figures: figuresFor(env),
      alertsFor: (tenant) => alertsFor(env, tenant),
      observe(request) {
        metering.request(request);
        logRequest(request);
      },
    };
  };

  /** What was counted leaves when the invocation is over; tests call without a context. */
  const sendLater = (env: Env, context: ExecutionContext | undefined): void => {
    const sending = metering.soon(env);
    if (sending !== undefined) context?.waitUntil(sending);
  };

  let served: { env: Env; handle: ReturnType<typeof api> } | undefined;
  const worker = {
    async fetch(request, env, context?: ExecutionContext) {
      if (served?.env !== env) {
        const ready = services(metering.objects(env));
        served = { env, handle: api(() => ready, domains) };
      }
      const answer = await served.handle(request, context);
      sendLater(env, context);
      return answer;
    },
    async queue(batch, env, context?: ExecutionContext) {
      const shardOf = shardsOf(env);
      // A message names its shard, and each shard has a queue of its own, so all of a batch goes to one log.
      const ports = logs.projectorPorts(metering.objects(env));
      await consume(shardOf("").log, batch, ports);
      // The queue gives the next batch when this invocation is over: while it waits here, for a next flush or for more spans, the log stands still.
      for (const work of [metering.ifDue(env), ports.tracer?.late()]) if (work !== undefined) context?.waitUntil(work);
    },
  } satisfies ExportedHandler<Env>;

  class Metrics extends MetricsObject<Env> {}

  class Alerts extends AlertsObject<Env> {
    protected override ports(env: Env): AlertPorts {
      return alertPorts({ env, figures: figuresFor(env), now });
    }
  }

  class KeyRegistry extends KeyRegistryObject<Env> {}

  class Circuit extends CircuitObject<Env> {}

  class Denials extends DenialsObject<Env> {
    protected override ports(env: Env): DenialPorts {
      return denialPorts(env, now);
    }
  }

  class Eraser extends EraserObject<Env> {
    protected override ports(env: Env): EraserPorts {
      return eraserPorts(composed(env));
    }
  }

  class TenantKey extends TenantKeyObject<Env> {}

  class RateLimit extends RateLimitObject<Env> {
    protected override now(): number {
      return now();
    }
  }

  return { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, TenantKey, worker };
}
