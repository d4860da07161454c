import type { RoutingPorts } from "../durable-objects/dispatcher/router.ts";
import type { StreamTail } from "../durable-objects/aggregate/contract.ts";
import {
  type CircuitPort,
  type FollowerDefinition,
  type FollowerIdentity,
  type FollowerKind,
  type FollowerPorts,
  partitionsOf,
} from "../durable-objects/follower/contract.ts";
import { followerFor, type ObjectNamespaces, objectFor } from "../durable-objects/object-for.ts";
import type { Sent, SentCommand } from "./commands/send-command.ts";
import { within } from "./deadline.ts";
import { followerName, parkDeadLetter, unparkDeadLetters } from "./followers/dead-letters.ts";
import { compileFilter } from "./followers/filter/compile-filter.ts";
import { topicMatcher } from "./followers/filter/topics.ts";
import { HANDLER_CATEGORY, type HandlerOperationsState, handlerStream } from "./followers/handler-operations.ts";
import { type CommandOutcome, runHandler } from "./followers/run-handler.ts";
import { deliverWebhook } from "./followers/sink/deliver-webhook.ts";
import { SUBSCRIPTION_CATEGORY, subscriptionContext, type SubscriptionSettings, type SubscriptionState, subscriptionStream } from "./followers/subscription.ts";
import {
  categoryOf,
  type CommandToSend,
  type Decider,
  eventText,
  envelopeText,
  type Handler,
  idOf,
  isPlatformCategory,
  type LoggedEvent,
  type Outcome,
  type PortToken,
  type RecordedEvent,
  sha256,
} from "./kernel/index.ts";
import { followMatching, followTypes } from "./log/follow-matching.ts";
import type { ShardOf } from "./log/shard.ts";
import type { Sealer } from "./webhooks/seal.ts";

/** What an answer of another part may take (milliseconds). */
const MOST_TIME = 10_000;
/** Characters of a subscription's stream read at a time. */
const PAGE = 1_000_000;

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
  readonly allowLocalTargets: boolean;
  readonly fetch: typeof fetch;
  readonly now: () => number;
}

/** A circuit for each sink of a tenant. */
export interface CircuitOf {
  admit(tenant: string, sink: string, now: number): ReturnType<CircuitPort["admit"]>;
  record(tenant: string, sink: string, outcomes: readonly boolean[], now: number): ReturnType<CircuitPort["record"]>;
}

/** A follower, whichever partition. */
export type FollowerName = Omit<FollowerIdentity, "partition">;

/** What a dispatcher calls a follower. */
export function refOf({ kind, id }: Pick<FollowerName, "kind" | "id">): string {
  return `${kind}:${id}`;
}

/** How the dispatcher tells followers. */
export function routingPorts(composed: Composed): RoutingPorts {
  const { env, shardOf } = composed;
  return {
    handlers: new Map(
      composed.handlers.map((handler) => {
        const { name, on: types, priority, from } = handler;
        return [refOf({ kind: "handler", id: name }), { types, priority, from, partitions: partitionsOf(handler), isPushed: true }];
      }),
    ),
    routed: (tenant, after, limit) => followTypes(shardOf(tenant).log, tenant, { after, limit }),
    followerOf(stream) {
      const category = categoryOf(stream);
      if (category === SUBSCRIPTION_CATEGORY) return refOf({ kind: "subscription", id: idOf(stream) });
      return category === HANDLER_CATEGORY ? refOf({ kind: "handler", id: idOf(stream) }) : undefined;
    },
    async route(tenant, ref) {
      const identity = identityOf(tenant, ref);
      const definition = await definitionOf(composed, identity);
      if (definition === undefined || definition.status === "deleted") return undefined;
      const { types, priority, after, sink, status } = definition;
      return { types, priority, after, partitions: partitionsOfSink(definition), isPushed: sink !== "pull" && status === "active" };
    },
    wake: (tenant, ref, partition, wake) => within(MOST_TIME, ref, followerFor(env, { ...identityOf(tenant, ref), partition }).wake(wake)),
    told: (tenant, ref, partition) => within(MOST_TIME, ref, followerFor(env, { ...identityOf(tenant, ref), partition }).told()),
  };
}

function identityOf(tenant: string, ref: string): FollowerName {
  const [kind = "", ...id] = ref.split(":");
  return { tenant, kind: kind as FollowerKind, id: id.join(":") };
}

/** Those who pull are served by one object: what it leases is what nobody else has. */
export function partitionsOfSink(definition: Pick<FollowerDefinition, "sink" | "concurrency">): number {
  return definition.sink === "pull" ? 1 : partitionsOf(definition);
}

/** What a follower follows: a subscription as its aggregate has it now, a handler as the code has it. */
export async function definitionOf(composed: Composed, { tenant, kind, id }: FollowerName): Promise<FollowerDefinition | undefined> {
  const stream = kind === "handler" ? handlerStream(id) : subscriptionStream(id);
  const state = async <State>(): Promise<State> =>
    JSON.parse((await within(MOST_TIME, stream, objectFor(composed.env, tenant, stream).state())).state) as State;
  if (kind === "subscription") return ofSubscription(await state<SubscriptionState>());
  const handler = composed.handlers.find(({ name }) => name === id);
  return handler && ofHandler(handler, (await state<HandlerOperationsState>()).status);
}

function ofSubscription({ settings, start, status }: SubscriptionState): FollowerDefinition | undefined {
  if (settings === undefined || start === undefined) return undefined;
  const { types, filter, order, priority, concurrency, timeoutMs, retry, sink } = settings;
  const { after, epoch, since } = start;
  const begin = { after, epoch, ...(since !== undefined && { since }) };
  const ratePerMinute = sink.kind === "push" ? sink.handshake?.ratePerMinute : undefined;
  const pace = { concurrency, timeoutMs, retry, ...(ratePerMinute !== undefined && { ratePerMinute }) };
  return { types, ...(filter !== undefined && { filter }), ...begin, order, priority, ...pace, sink: sink.kind, status };
}

function ofHandler({ on, priority, concurrency, timeoutMs, retry }: Handler, status: FollowerDefinition["status"]): FollowerDefinition {
  return { types: on, after: 0, epoch: "", order: "stream", priority, concurrency, timeoutMs, retry, sink: "handler", status };
}

/** What one follower's object reaches; it remembers its sink. */
export function followerPorts(composed: Composed): FollowerPorts {
  const { env, shardOf, now } = composed;
  let settings: Promise<SubscriptionSettings | undefined> | undefined;
  const settingsOf = ({ tenant, id }: FollowerIdentity): Promise<SubscriptionSettings | undefined> => {
    settings ??= within(MOST_TIME, id, objectFor(env, tenant, subscriptionStream(id)).state()).then(
      ({ state }) => (JSON.parse(state) as SubscriptionState).settings,
    );
    settings.catch(() => (settings = undefined));
    return settings;
  };
  const sinkOf = async (follower: FollowerIdentity): Promise<string> => {
    const found = await settingsOf(follower);
    return found?.sink.kind === "push" ? found.sink.url : "";
  };
  return {
    async definition(follower, known) {
      if (known !== undefined && follower.kind === "subscription") return known;
      const handler = composed.handlers.find(({ name }) => name === follower.id);
      if (known !== undefined) return handler && { ...ofHandler(handler, known.status), after: known.after, epoch: known.epoch };
      settings = undefined;
      return definitionOf(composed, follower);
    },
    async told({ tenant, kind, id }, after) {
      const object = objectFor(env, tenant, kind === "handler" ? handlerStream(id) : subscriptionStream(id));
      const told: RecordedEvent[] = [];
      for (;;) {
        const { events, head }: StreamTail = await within(MOST_TIME, id, object.eventsAfter(told.at(-1)?.version ?? after, PAGE));
        told.push(...events);
        if (events.length === 0 || (told.at(-1)?.version ?? 0) >= head.version) return told;
      }
    },
    read: (tenant, query) => followMatching(shardOf(tenant).log, tenant, query),
    matcher: matcherOf,
    deliver: (follower, definition, delivery) =>
      follower.kind === "handler"
        ? handleEvent(composed, follower, delivery)
        : pushEvent(composed, { follower, definition, delivery, settings: settingsOf(follower) }),
    circuit: {
      admit: async (follower) => composed.circuit.admit(follower.tenant, await sinkOf(follower), now()),
      record: async (follower, outcomes) => composed.circuit.record(follower.tenant, await sinkOf(follower), outcomes, now()),
    },
    park: (follower, { position, stream, type, event, attempts, parkedAt }) =>
      parkDeadLetter(shardOf(follower.tenant).views, follower.tenant, {
        subscription: followerName(follower),
        position,
        stream,
        type,
        event,
        attempts,
        parkedAt,
      }),
    async unpark(follower, positions) {
      if (positions.length > 0) await unparkDeadLetters(shardOf(follower.tenant).views, follower.tenant, followerName(follower), positions);
    },
    async report({ tenant, kind, id }, what) {
      if (kind === "handler") return;
      const command = { disabled: "Disable", failing: "ReportFailing", recovered: "ReportRecovered" }[what.kind];
      const data = what.kind === "recovered" ? {} : { reason: what.reason };
      const metadata = { correlationId: `subscription:${id}`, priority: "normal", traceparent: NO_TRACE, actor: "platform" } as const;
      const reported = await objectFor(env, tenant, subscriptionStream(id)).execute({
        command: { name: command, data },
        precondition: { kind: "none" },
        source: "/v1/subscriptions",
        metadata,
      });
      // A follower that takes itself for disabled, and is not, would stand still: it is to say so again.
      if (!reported.ok && reported.code !== "rejected") throw new Error(`expected ${command} to be taken, got ${reported.code}`);
    },
    now,
    chance: () => Math.random(),
  };
}

/** What the platform does by itself continues nobody's trace. */
const NO_TRACE = "00-00000000000000000000000000000001-0000000000000001-00";

type Judged = Pick<FollowerDefinition, "types" | "filter" | "since">;

/** The platform's own events are for those only who name their types' first word. What the filter cannot judge is not skipped in silence: it is delivered, which fails and says why. */
function matcherOf({ types, filter, since = "" }: Judged): (event: LoggedEvent) => boolean {
  const isOfType = topicMatcher(types);
  const isNamed = topicMatcher(types.filter((pattern) => !/^[*#]/.test(pattern)));
  const judge = judgeOf(filter);
  return (event) => {
    if (event.recorded < since) return false;
    if (!(isPlatformCategory(categoryOf(event.stream)) ? isNamed : isOfType)(event.type)) return false;
    return judge(event) !== false;
  };
}

/** What a filter says of an event: whether it matches, or, in a sentence, why it cannot say. */
function judgeOf(filter: unknown): (event: LoggedEvent) => boolean | string {
  if (filter === undefined) return () => true;
  const compiled = compileFilter(filter);
  if (!compiled.ok) return () => `The filter is not valid any more: ${compiled.faults[0]?.message ?? ""}`;
  return (event) => {
    try {
      return compiled.matches(JSON.parse(eventText(envelopeText(event), event.data, event.position)) as Record<string, unknown>);
    } catch (fault) {
      return `The filter cannot judge this event: ${fault instanceof Error ? fault.message : String(fault)}`;
    }
  };
}

interface Push {
  readonly follower: FollowerIdentity;
  readonly definition: FollowerDefinition;
  readonly delivery: Parameters<FollowerPorts["deliver"]>[2];
  readonly settings: Promise<SubscriptionSettings | undefined>;
}

async function pushEvent(composed: Composed, { follower, definition, delivery, settings }: Push): Promise<Outcome> {
  try {
    const { sink, format = "standard" } = (await settings) ?? {};
    const verdict = judgeOf(definition.filter)(delivery.event);
    if (typeof verdict === "string") return { kind: "failed", error: verdict, isFinal: true };
    if (sink?.kind !== "push") return { kind: "failed", error: "The subscription's sink is not known." };
    const secrets = sink.previous !== undefined && Date.parse(sink.previous.until) > composed.now() ? [sink.secret, sink.previous.secret] : [sink.secret];
    const context = subscriptionContext(follower.tenant, follower.id);
    const [headers, ...opened] = await Promise.all([sink.headers, ...secrets].map((sealed) => (sealed === "" ? "{}" : composed.sealer?.open(sealed, context))));
    if (headers === undefined || opened.includes(undefined))
      return { kind: "failed", error: "The subscription's secrets cannot be opened: MASTER_KEY is missing, or another." };
    return await deliverWebhook(
      { fetch: composed.fetch, now: composed.now },
      {
        url: sink.url,
        headers: JSON.parse(headers) as Record<string, string>,
        secrets: opened as string[],
        format,
        timeoutMs: definition.timeoutMs,
        allowLocal: composed.allowLocalTargets,
      },
      { ...delivery, messageId: `msg_${follower.id}_${delivery.event.position}` },
    );
  } catch (fault) {
    console.warn("follower: not delivered", follower.id, String(fault));
    return { kind: "failed", error: "The platform could not deliver it." };
  }
}

async function handleEvent(composed: Composed, { tenant, id }: FollowerIdentity, { event, attempt }: Push["delivery"]): Promise<Outcome> {
  const handler = composed.handlers.find(({ name }) => name === id);
  if (handler === undefined) return { kind: "failed", error: "This code has no such handler." };
  // A plain stream may hold events of any name: only a category whose decider declares a type speaks for it.
  if (composed.owners.get(event.type)?.has(categoryOf(event.stream)) === false) return { kind: "delivered" };
  const key = `${id}/${event.stream}/${event.version}`;
  return runHandler(handler, event, {
    context: {
      key,
      tenant,
      now: new Date(composed.now()).toISOString(),
      attempt,
      async state(category, aggregate) {
        const { version, state } = await objectFor(composed.env, tenant, `${category}-${aggregate}`).state();
        return { version, state: JSON.parse(state) as unknown };
      },
      port<Port>({ name }: PortToken<Port>): Port {
        const port = composed.port(tenant, name);
        if (port === undefined) throw new Error(`Nothing stands behind the port ${name} in this deployment.`);
        return port as Port;
      },
    },
    send: (command, index) => sendFor(composed, { tenant, handler: id, event, key: `\u0000${key}/${index}` }, command),
  });
}

interface Cause {
  readonly tenant: string;
  readonly handler: string;
  readonly event: LoggedEvent;
  readonly key: string;
}

/** Sends a handler's command, caused by its event; the key makes it once, however often the event comes. */
async function sendFor(composed: Composed, { tenant, handler, event, key }: Cause, { category, id, command, data }: CommandToSend): Promise<CommandOutcome> {
  const schema = composed.decider(category)?.commands[command];
  if (schema === undefined) return { ok: false, isNo: false, detail: "There is no such command." };
  const checked = schema.safeParse(data);
  if (!checked.success) return { ok: false, isNo: false, detail: checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") };
  const { correlationId, priority, traceparent, tracestate } = event.metadata;
  const sent = await composed.send({
    tenant,
    category,
    id,
    command,
    data: checked.data,
    precondition: { kind: "none" },
    // What was decided the first time counts, though the handler may have seen another state by now.
    idempotency: { key, fingerprint: sha256(key) },
    source: `/handlers/${handler}`,
    metadata: { correlationId, causationId: event.id, priority, traceparent, ...(tracestate !== undefined && { tracestate }), actor: `handler:${handler}` },
  });
  if (sent.ok) return { ok: true };
  return { ok: false, isNo: sent.code === "rejected" || sent.code === "stream_closed", detail: sent.rejection ?? sent.detail };
}
