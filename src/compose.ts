import { AggregateObject, type AggregateParts } from "../durable-objects/aggregate.ts";
import { DispatcherObject, type DispatcherPorts } from "../durable-objects/dispatcher.ts";
import { EraserObject, type EraserPorts } from "../durable-objects/eraser.ts";
import { KeyRegistryObject } from "../durable-objects/key-registry.ts";
import { CircuitObject, circuitPort } from "../durable-objects/circuit.ts";
import { type DenialPorts, DenialsObject } from "../durable-objects/denials.ts";
import { FollowerObject } from "../durable-objects/follower.ts";
import type { FollowerPorts } from "../durable-objects/follower/contract.ts";
import { RateLimitObject } from "../durable-objects/rate-limit.ts";
import { MetricsObject } from "../durable-objects/metrics.ts";
import { AlertsObject } from "../durable-objects/alerts.ts";
import type { AlertPorts } from "../durable-objects/alerts/contract.ts";
import { alertsFor, dispatcherFor, eraserFor, keyRegistryFor, objectById, objectFor } from "../durable-objects/object-for.ts";
import { api } from "./api/app.ts";
import type { Services } from "./api/services.ts";
import { reservation } from "./commands/reservation.ts";
import { type CommandTarget, type Sent, sendCommand, type SentCommand } from "./commands/send-command.ts";
import { modules } from "./domains/index.ts";
import { eraserPorts } from "./erasing-composed.ts";
import { type Decider, type LogHead, together, type View } from "./kernel/index.ts";
import { flows } from "./flows/index.ts";
import { followerClient } from "./follower-client.ts";
import type { Composed } from "./follower-parts.ts";
import { followerPorts, routingPorts } from "./followers-composed.ts";
import { handshake } from "./followers/sink/handshake.ts";
import { handlerOperations } from "./followers/handler-operations.ts";
import { subscription } from "./followers/subscription.ts";
import { subscriptionsView } from "./followers/subscriptions-view.ts";
import { handlerPorts, type HandlerPortsGiven } from "./ports/handler-ports.ts";
import { ports } from "./ports.ts";
import { sagaPort } from "./sagas-composed.ts";
import { sagaDecider } from "./sagas/saga-decider.ts";
import { sagasView } from "./sagas/sagas-view.ts";
import { sagaHandler } from "./sagas/saga-handler.ts";
import { issuer, issuerClaim } from "./identity/issuer.ts";
import { denialPorts, identityServices } from "./identity-composed.ts";
import { issuersView } from "./identity/issuers-view.ts";
import { key } from "./identity/key.ts";
import { origins } from "./identity/origins.ts";
import { keysView } from "./identity/keys-view.ts";
import { tenant } from "./identity/tenant.ts";
import { tenantsView } from "./identity/tenants-view.ts";
import { alerting } from "./alerts/alerting.ts";
import { alertPorts } from "./alerts-composed.ts";
import type { Series } from "./metrics/series.ts";
import { figuresOf } from "./figures.ts";
import { requestLog } from "./request-log.ts";
import { Metering } from "./metrics-composed.ts";
import { consume } from "./log/consume.ts";
import { markForked } from "./log/mark-forked.ts";
import { project } from "./log/project.ts";
import type { ProjectorPorts } from "./log/projector.ts";
import { purgeCopies } from "./log/purge-copies.ts";
import { copiesOf, followLog, loggedStream, logHead, logReached } from "./log/read-log.ts";
import { ToldHeads } from "./log/told-heads.ts";
import { ReachedLogs } from "./log/reached-logs.ts";
import { type ShardOf, shards } from "./log/shard.ts";
import { defaultRate, tracedObject, tracers } from "./tracing-composed.ts";
import { traced } from "./tracing/traced.ts";
import type { Tracer } from "./tracing/tracer.ts";
import { timedD1 } from "./d1-deadline.ts";
import { categoriesByType } from "./categories-by-type.ts";
import { MOST_TIME_OF_D1, timedShards } from "./timed-shards.ts";
import { within } from "./deadline.ts";
import type { Env, Overrides } from "./environment.ts";
import { advanceViews } from "./views/advance.ts";
import type { LogReader } from "./views/engine.ts";
import { correlationsView } from "./views/correlations.ts";
import { eventTypesView } from "./views/event-types.ts";
import { rowView } from "./views/row-view.ts";
import { keysIn, sealer } from "./webhooks/seal.ts";
import { source, sourcesView } from "./webhooks/source.ts";

export type { Env, Overrides } from "./environment.ts";

/** The platform's own aggregates. */
const OWN_DECIDERS: readonly Decider[] = [source, reservation, subscription, handlerOperations, key, tenant, issuer, issuerClaim, origins, alerting];
const OWN_VIEWS: readonly View[] = [eventTypesView, correlationsView, sourcesView, subscriptionsView, sagasView, keysView, tenantsView, issuersView];

/** What a part may take to answer another (milliseconds). */
const MOST_TIME = 10_000;

/** Puts the platform together: the one place that knows every part. */
export function compose(overrides: Overrides = {}) {
  const now = overrides.now ?? Date.now;
  const theFetch: typeof fetch = overrides.fetch ?? ((request, init) => fetch(request, init));
  const domains = overrides.modules ?? [...modules, flows];
  const all = together([{ name: "the platform", deciders: OWN_DECIDERS, projections: [], handlers: [], sagas: [] }, ...domains]);
  const deciders = new Map([...all.deciders, ...all.sagas.map(sagaDecider)].map((decider) => [decider.category, decider]));
  const handlers = [...all.handlers, ...all.sagas.map((saga) => sagaHandler(saga))];
  const owners = categoriesByType([...deciders.values()]);
  const views = overrides.views ?? [...OWN_VIEWS, ...all.projections.map((projection) => rowView(projection, (type) => owners.get(type)))];
  const tracerOf = tracers(now, theFetch);
  const tracerIn = (env: Env, ctx?: Pick<DurableObjectState, "waitUntil">): Tracer | undefined => tracerOf(env, ctx && ((work) => ctx.waitUntil(work)));
  const shardsOf = timedShards(overrides.shards ?? shards);

  const metering = new Metering(shardsOf, now);

  const logReader = (shardOf: ShardOf): LogReader => ({
    // Views see the platform's own events too.
    follow: (tenant, query) => followLog(shardOf(tenant).log, tenant, query),
  });

  const reachedLogs = new ReachedLogs(now);
  const toldHeads = new ToldHeads();
  const tellDispatcher = (env: Env, tenant: string, head: LogHead): Promise<void> =>
    toldHeads.tell(tenant, head, () => within(MOST_TIME, "the dispatcher", dispatcherFor(env, tenant).advanced(head)));

  const projectorPorts = (env: Env, ctx?: ExecutionContext): ProjectorPorts => ({
    tracer: tracerIn(env, ctx),
    eventsAfter: (tenant, stream, after, maxCharacters) => within(MOST_TIME, stream, objectFor(env, tenant, stream).eventsAfter(after, maxCharacters)),
    followed: (tenant, head) => tellDispatcher(env, tenant, head),
    forget: (tenant, stream) => within(MOST_TIME, stream, objectFor(env, tenant, stream).forget()),
    observer: metering.projector(),
  });

  class Aggregate extends AggregateObject<Env> {
    protected override parts(env: Env): AggregateParts {
      const shardOf = shardsOf(env);
      return {
        deciders,
        sagas: new Map(all.sagas.map((saga) => [saga.category, sagaPort(saga, composed(env, this.ctx))])),
        tracer: tracerIn(env, this.ctx),
        build: env.VERSION?.id ?? "local",
        ports: {
          async send(tenant, messages) {
            await shardOf(tenant).queue.sendBatch(messages.map((body) => ({ body, contentType: "text" })));
          },
          logged: ({ tenant, stream }) => within(MOST_TIME, "the log", loggedStream(shardOf(tenant).log, tenant, stream)),
          reached: (tenant) => reachedLogs.reached(tenant, () => within(MOST_TIME, "the log", logReached(shardOf(tenant).log, tenant))),
          lastReached: (tenant) => reachedLogs.known(tenant),
          copies: ({ tenant, stream }, ids) => copiesOf(shardOf(tenant).log, tenant, stream, ids),
          purgeCopies: ({ tenant, stream }, ids) => purgeCopies(shardOf(tenant).log, tenant, stream, ids),
          async markForked(identity, reason) {
            await markForked(shardOf(identity.tenant).log, identity, reason);
            metering.projector().forked(identity.tenant);
            void metering.soon(env);
          },
          announce: (tenant, head) => tellDispatcher(env, tenant, head),
          shardOf: (tenant) => shardOf(tenant).id,
          now,
        },
      };
    }
  }

  class Dispatcher extends DispatcherObject<Env> {
    protected override ports(env: Env): DispatcherPorts {
      const shardOf = shardsOf(env);
      const tracer = tracerIn(env, this.ctx);
      return {
        head: (tenant) => logHead(shardOf(tenant).log, tenant),
        async advanceViews(tenant) {
          const given = { db: shardOf(tenant).views, log: logReader(shardOf) };
          const { position, stopped, isBuilding } = await metering.views(tenant, given, (metered) => advanceViews({ ...metered, views, now, tracer }, tenant));
          void metering.soon(env);
          if (stopped === undefined) return { position, isBuilding };
          // Trying again would not help: it says so, and looks again when there is something new.
          console.error("views: stopped", tenant, stopped);
          return { position: (await logHead(shardOf(tenant).log, tenant)).position, isBuilding };
        },
        routing: routingPorts(composed(env)),
        now,
      };
    }
  }

  class Follower extends FollowerObject<Env> {
    protected override ports(env: Env): FollowerPorts {
      return metering.follower(followerPorts(composed(env, this.ctx)), env);
    }
  }

  /** An aggregate's object; what crosses RPC is data, whatever its type says. */
  const commandTarget = (env: Env, tenant: string, stream: string): CommandTarget => {
    const object = tracedObject(objectFor(env, tenant, stream), stream);
    return {
      state: async () => object.state(),
      answered: async (idempotency) => object.answered(idempotency),
      execute: async (request) => object.execute(request),
    };
  };

  const secretsOf = (env: Env) => (env.MASTER_KEY ? sealer(env.MASTER_KEY, keysIn(env.MASTER_KEY_OLD)) : undefined);

  /** The front door of every command. */
  const sender = (env: Env): ((command: SentCommand) => Promise<Sent>) => {
    const secrets = secretsOf(env);
    const send = (command: SentCommand): Promise<Sent> =>
      sendCommand(
        {
          decider: (category) => deciders.get(category),
          target: (tenant, stream) => commandTarget(env, tenant, stream),
          ports: (tenant, stream) => ports({ sealer: secrets, context: `${tenant}/${stream}` }),
          now,
        },
        command,
      );
    return (command) =>
      traced(`command ${command.category} ${command.command}`, () => send(command), { attributes: { "rivulet.stream": `${command.category}-${command.id}` } });
  };

  const composed = (env: Env, ctx?: Pick<DurableObjectState, "waitUntil">): Composed => ({
    env,
    tracer: tracerIn(env, ctx),
    shardOf: shardsOf(env),
    handlers,
    decider: (category) => deciders.get(category),
    owners,
    send: sender(env),
    sealer: secretsOf(env),
    circuit: circuitPort(env.CIRCUIT),
    port: overrides.port ?? handlerPorts(portsGiven(env)),
    allowLocalTargets: isSet(env.ALLOW_LOCAL_TARGETS),
    fetch: theFetch,
    now,
  });

  const portsGiven = (env: Env): HandlerPortsGiven => ({
    open: (tenant, stream) => objectFor(env, tenant, stream),
    ...(env.TRANSLATOR_URL && { translate: { url: env.TRANSLATOR_URL, ...(env.TRANSLATOR_KEY && { apiKey: env.TRANSLATOR_KEY }), fetch: theFetch } }),
  });

  /** A tenant's figures. What this isolate has counted is in them at once; what others have, within the time of their flush. */
  const figuresFor = (env: Env) => {
    const given = { env, shardOf: shardsOf(env), views, sagas: all.sagas, now };
    return async (tenant: string, wanted?: ReadonlySet<string>): Promise<Series> => {
      await metering.flush(env);
      return figuresOf(given, tenant, wanted);
    };
  };

  const services = (env: Env): Services => {
    const shardOf = shardsOf(env);
    const secrets = secretsOf(env);
    const followers = composed(env);
    const logRequest = requestLog(env.LOG_LEVEL, (line) => console.log(line));
    return {
      objectFor: (tenant, stream) => tracedObject(objectFor(env, tenant, stream), stream),
      tracer: followers.tracer,
      traces: env.TELEMETRY && { db: timedD1(env.TELEMETRY, MOST_TIME_OF_D1), rate: defaultRate(env) },
      objectById: (id) => objectById(env, id),
      eventsAfter: projectorPorts(env).eventsAfter,
      dispatcherFor: (tenant) => dispatcherFor(env, tenant),
      keyRegistryFor: (tenant, key) => keyRegistryFor(env, tenant, key),
      eraserFor: (tenant) => eraserFor(env, tenant),
      shardOf,
      async projectNow(tenant, written) {
        const { id, log } = shardOf(tenant);
        const hints = written.map(({ stream, version }) => ({ shard: id, tenant, stream, head: { version, hash: "" }, events: [] }));
        await project(log, hints, projectorPorts(env));
      },
      decider: (category) => deciders.get(category),
      send: followers.send,
      sealer: secrets,
      adminKey: env.ADMIN_KEY || undefined,
      ...identityServices({ env, fetch: theFetch, allowLocalTargets: followers.allowLocalTargets, now, sealer: secrets }),
      views,
      follower: (tenant, kind, id) => followerClient(followers, { tenant, kind, id }),
      handlers: all.handlers,
      sagas: all.sagas,
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
        const ready = services(env);
        served = { env, handle: api(() => ready, domains) };
      }
      const answer = await served.handle(request, context);
      sendLater(env, context);
      return answer;
    },
    async queue(batch, env, context?: ExecutionContext) {
      const shardOf = shardsOf(env);
      // A message names its shard, and each shard has a queue of its own, so all of a batch goes to one log.
      await consume(shardOf("").log, batch, projectorPorts(env, context));
      sendLater(env, context);
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

  class RateLimit extends RateLimitObject<Env> {
    protected override now(): number {
      return now();
    }
  }

  return { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, worker };
}

/** A switch among the variables: on with `1`. */
function isSet(value: string | undefined): boolean {
  return value === "1";
}
