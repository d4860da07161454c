import type { RoutingPorts } from "../durable-objects/dispatcher/router.ts";
import type { StreamTail } from "../durable-objects/aggregate/contract.ts";
import {
  beginningOf,
  type FollowerDefinition,
  type FollowerIdentity,
  type FollowerKind,
  type FollowerPorts,
  partitionsOf,
} from "../durable-objects/follower/contract.ts";
import { followerFor, objectFor } from "../durable-objects/object-for.ts";
import { within } from "./deadline.ts";
import type { Composed } from "./follower-parts.ts";
import { handleEvent, matcherOf, pushEvent } from "./follower-sinks.ts";
import { followerName, parkDeadLetter, unparkDeadLetters } from "./followers/dead-letters.ts";
import { HANDLER_CATEGORY, type HandlerOperationsState, handlerStream } from "./followers/handler-operations.ts";
import { SUBSCRIPTION_CATEGORY, type SubscriptionSettings, type SubscriptionState, subscriptionStream } from "./followers/subscription.ts";
import { categoryOf, type Handler, idOf, type RecordedEvent } from "./kernel/index.ts";
import { NO_TRACE } from "./tracing/trace-context.ts";
import { tracedDelivery } from "./traced-delivery.ts";
import { followMatching, followTypes } from "./log/follow-matching.ts";

/** What an answer of another part may take (milliseconds). */
const MOST_TIME = 10_000;
/** Characters of a subscription's stream read at a time. */
const PAGE = 1_000_000;

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

/** The follower that the dispatcher calls so. */
export function identityOf(tenant: string, ref: string): FollowerName {
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
  const { since } = start;
  const begin = { ...beginningOf(start), ...(since !== undefined && { since }) };
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
      if (known !== undefined) return handler && { ...ofHandler(handler, known.status), ...beginningOf(known) };
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
      tracedDelivery(composed, follower, delivery, () =>
        follower.kind === "handler"
          ? handleEvent(composed, follower, delivery)
          : pushEvent(composed, { follower, definition, delivery, settings: settingsOf(follower) }),
      ),
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
    restsUntil: ({ tenant, kind }) => (kind === "handler" ? composed.writersRestUntil(tenant) : composed.restsUntil(tenant)),
    now,
    chance: () => Math.random(),
  };
}
