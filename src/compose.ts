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
import { dispatcherFor, eraserFor, keyRegistryFor, objectById, objectFor } from "../durable-objects/object-for.ts";
import { api } from "./api/app.ts";
import type { Services } from "./api/services.ts";
import { reservation } from "./commands/reservation.ts";
import { type CommandTarget, type Sent, sendCommand, type SentCommand } from "./commands/send-command.ts";
import { modules } from "./domains/index.ts";
import { eraserPorts } from "./erasing-composed.ts";
import { type Decider, type LogHead, type Module, together, type View } from "./kernel/index.ts";
import { flows } from "./flows/index.ts";
import { followerClient } from "./follower-client.ts";
import type { Composed } from "./follower-parts.ts";
import { followerPorts, routingPorts } from "./followers-composed.ts";
import { handshake } from "./followers/sink/handshake.ts";
import { handlerOperations } from "./followers/handler-operations.ts";
import { subscription } from "./followers/subscription.ts";
import { subscriptionsView } from "./followers/subscriptions-view.ts";
import { handlerPorts, type HandlerPortsGiven } from "./ports/handler-ports.ts";
import { categoriesByType } from "./owners.ts";
import { ports } from "./ports.ts";
import { sagaPort } from "./sagas-composed.ts";
import { sagaDecider } from "./sagas/saga-decider.ts";
import { sagasView } from "./sagas/sagas-view.ts";
import { sagaHandler } from "./sagas/saga-handler.ts";
import { issuer, issuerClaim } from "./identity/issuer.ts";
import { denialPorts, identityServices, tenantState } from "./identity-composed.ts";
import { issuersView } from "./identity/issuers-view.ts";
import { key } from "./identity/key.ts";
import { origins } from "./identity/origins.ts";
import { keysView } from "./identity/keys-view.ts";
import { Resting } from "./identity/resting.ts";
import { tenant } from "./identity/tenant.ts";
import { tenantsView } from "./identity/tenants-view.ts";
import { figuresOf } from "./figures.ts";
import { requestLog } from "./request-log.ts";
import { Metering, type MetricsEnv } from "./metrics-composed.ts";
import { consume } from "./log/consume.ts";
import { markForked } from "./log/mark-forked.ts";
import { logPorts } from "./log-ports.ts";
import { project } from "./log/project.ts";
import type { ProjectorPorts } from "./log/projector.ts";
import { followLog, logHead, logReached } from "./log/read-log.ts";
import { ToldHeads } from "./log/told-heads.ts";
import { ReachedLogs } from "./log/reached-logs.ts";
import { type Shard, type ShardBindings, type ShardOf, shards } from "./log/shard.ts";
import { defaultRate, tracedObject, tracers, type TracingBindings } from "./tracing-composed.ts";
import { traced } from "./tracing/traced.ts";
import type { Tracer } from "./tracing/tracer.ts";
import { timedD1 } from "./d1-deadline.ts";
import { within } from "./deadline.ts";
import { advanceViews } from "./views/advance.ts";
import type { LogReader } from "./views/engine.ts";
import { correlationsView } from "./views/correlations.ts";
import { eventTypesView } from "./views/event-types.ts";
import { rowView } from "./views/row-view.ts";
import { keysIn, sealer } from "./webhooks/seal.ts";
import { source, sourcesView } from "./webhooks/source.ts";

/** The worker's bindings and variables; wrangler.toml and `npm start` provide them. */
export interface Env extends MetricsEnv, ShardBindings, TracingBindings {
  readonly ADMIN_KEY?: string;
  readonly MASTER_KEY?: string;
  /** Those before it, parted by spaces: what they have sealed still opens. */
  readonly MASTER_KEY_OLD?: string;
  readonly VERSION?: { readonly id: string };
  readonly ALLOW_LOCAL_TARGETS?: string;
  /** A LibreTranslate server, and its key where it wants one; without it the local translator marks texts with their language. */
  readonly TRANSLATOR_URL?: string;
  readonly TRANSLATOR_KEY?: string;
  /** What of the requests is logged: off, error, warn or info. */
  readonly LOG_LEVEL?: string;
}

/** What a test may put in the place of the real thing. */
export interface Overrides {
  readonly shards?: (env: Env) => ShardOf;
  readonly views?: readonly View[];
  readonly modules?: readonly Module[];
  readonly now?: () => number;
  /** What sinks are reached with. */
  readonly fetch?: typeof fetch;
  /** What stands behind the ports of handlers. */
  readonly port?: (tenant: string, name: string) => unknown;
}

/** The platform's own aggregates. */
const OWN_DECIDERS: readonly Decider[] = [source, reservation, subscription, handlerOperations, key, tenant, issuer, issuerClaim, origins];
const OWN_VIEWS: readonly View[] = [eventTypesView, correlationsView, sourcesView, subscriptionsView, sagasView, keysView, tenantsView, issuersView];

/** What a part may take to answer another (milliseconds). */
const MOST_TIME = 10_000;
/** What a transaction in D1 may take: D1 itself gives up at 30 s. */
const MOST_TIME_OF_D1 = 30_000;

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
  const bareShards = overrides.shards ?? shards;
  const shardsOf = (env: Env): ShardOf => {
    const shardOf = bareShards(env);
    const timed = new Map<number, Shard>();
    return (tenant) => {
      const shard = shardOf(tenant);
      const known = timed.get(shard.id) ?? { ...shard, log: timedD1(shard.log, MOST_TIME_OF_D1), views: timedD1(shard.views, MOST_TIME_OF_D1) };
      timed.set(shard.id, known);
      return known;
    };
  };

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
          ...logPorts(shardOf, MOST_TIME),
          reached: (tenant) => reachedLogs.reached(tenant, () => within(MOST_TIME, "the log", logReached(shardOf(tenant).log, tenant))),
          lastReached: (tenant) => reachedLogs.known(tenant),
          async markForked(identity, reason) {
            await markForked(shardOf(identity.tenant).log, identity, reason);
            metering.projector().forked(identity.tenant);
            void metering.soon(env);
          },
          announce: (tenant, head) => tellDispatcher(env, tenant, head),
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

  const resting = new Resting(now);

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
    restsUntil: (tenant) => resting.until(tenant, () => tenantState(env, tenant)),
    allowLocalTargets: env.ALLOW_LOCAL_TARGETS === "1",
    fetch: theFetch,
    now,
  });

  const portsGiven = (env: Env): HandlerPortsGiven => ({
    open: (tenant, stream) => objectFor(env, tenant, stream),
    ...(env.TRANSLATOR_URL && { translate: { url: env.TRANSLATOR_URL, ...(env.TRANSLATOR_KEY && { apiKey: env.TRANSLATOR_KEY }), fetch: theFetch } }),
  });

  const services = (env: Env): Services => {
    const shardOf = shardsOf(env);
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
      sealer: followers.sealer,
      adminKey: env.ADMIN_KEY || undefined,
      ...identityServices({ env, shardOf, fetch: theFetch, allowLocalTargets: followers.allowLocalTargets, now, sealer: followers.sealer }),
      views,
      follower: (tenant, kind, id) => followerClient(followers, { tenant, kind, id }),
      handlers: all.handlers,
      sagas: all.sagas,
      askForLeave: (sink) => handshake({ fetch: theFetch }, sink),
      allowLocalTargets: followers.allowLocalTargets,
      async figures(tenant) {
        // What this isolate knows is there at once; what others know, within the time of their flush.
        await metering.flush(env);
        return figuresOf({ env, shardOf, views, sagas: all.sagas, now }, tenant);
      },
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

  class KeyRegistry extends KeyRegistryObject<Env> {}

  class Circuit extends CircuitObject<Env> {}

  class Denials extends DenialsObject<Env> {
    protected override ports(env: Env): DenialPorts {
      return denialPorts(env, now);
    }
  }

  class Eraser extends EraserObject<Env> {
    protected override ports(env: Env): EraserPorts {
      return eraserPorts(composed(env), env.TELEMETRY);
    }
  }

  class RateLimit extends RateLimitObject<Env> {
    protected override now(): number {
      return now();
    }
  }

  return { Aggregate, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, worker };
}
