import { partitionsOf } from "../../../durable-objects/follower/contract.ts";
import type { RecordedEvent } from "../../../src/kernel/index.ts";
import { categoryOf, isPlatformCategory, topicMatches } from "../../../src/kernel/index.ts";
import { COUNTED, COUNTER } from "../counter.ts";
import { ERRAND_HANDLER, ERRAND_TYPES } from "../errand.ts";
import { refOf, streamOf } from "../subscribers.ts";
import type { World } from "../world/world.ts";
import type { FinalState, LogEvent } from "./final-state.ts";
import { passesFilter } from "./followers-on-disk.ts";

/** A follower as those who asked for it would describe it: read from the stream that tells it what to do, without the engine. */
export interface Following {
  /** `t1/subscription:a` */
  readonly follower: string;
  readonly tenant: string;
  /** What it is called among dead letters. */
  readonly name: string;
  readonly types: readonly string[];
  readonly filter: unknown;
  readonly order: "stream" | "none";
  readonly after: number;
  readonly partitions: number;
  /** Nobody delivers to it: somebody pulls. */
  readonly isPulled: boolean;
  readonly status: "active" | "paused" | "disabled" | "deleted";
  /** How long its own stream is. */
  readonly version: number;
  /** Positions whose dead letter somebody dropped. */
  readonly dropped: ReadonlySet<number>;
  readonly replays: readonly { readonly id: string; readonly from: number; readonly to: number }[];
  readonly isResumed: boolean;
}

/** Every follower of the story: the subscriptions that were made, and the handler of each tenant. */
export function followings(world: World, { histories, log }: FinalState): readonly Following[] {
  const subscriptions = [...histories].flatMap(([stream, history]) => {
    const [, tenant, id] = /^([^/]*)\/rivulet_subscription-(.*)$/.exec(stream) ?? [];
    return tenant === undefined || history.length === 0 ? [] : [ofSubscription(`${tenant}/subscription:${id}`, history)];
  });
  const handlers = [...log.keys()].flatMap((tenant) => handlersOf(world, tenant).map((follower) => ofHandler(follower, histories)));
  // A tenant whose dispatcher nobody told of a head has no handler yet.
  return [...subscriptions, ...handlers.filter(({ tenant }) => world.dispatchers.hosts.has(world.dispatchers.idOf(tenant)))];
}

const STATUS: Readonly<Record<string, Following["status"]>> = {
  SubscriptionPaused: "paused",
  SubscriptionResumed: "active",
  SubscriptionDisabled: "disabled",
  SubscriptionDeleted: "deleted",
  HandlerPaused: "paused",
  HandlerResumed: "active",
};

type Created = Pick<Following, "types" | "filter" | "order"> & {
  readonly concurrency: number;
  readonly sink: { readonly kind: string };
  readonly start: { readonly after: number };
};

function ofSubscription(follower: string, history: readonly RecordedEvent[]): Following {
  const { types, filter, order, concurrency, sink, start } = JSON.parse(history[0]?.data ?? "{}") as Created;
  const isPulled = sink.kind === "pull";
  const partitions = isPulled ? 1 : partitionsOf({ concurrency });
  return { ...told(follower, history), name: refOf(follower).id, types, filter, order, after: start.after, partitions, isPulled };
}

/** A tenant's handlers in code: the counter, and the saga's where the story has errands. */
function handlersOf({ followers }: World, tenant: string): readonly string[] {
  const errands = `${tenant}/handler:${ERRAND_HANDLER}`;
  return [`${tenant}/handler:${COUNTER}`, ...(followers.hosts.has(followers.idOf(`${errands}/0`)) ? [errands] : [])];
}

function ofHandler(follower: string, histories: FinalState["histories"]): Following {
  const history = histories.get(streamOf(refOf(follower))) ?? [];
  // The tenant met it with its first event.
  const { id } = refOf(follower);
  const about = { types: id === COUNTER ? COUNTED : ERRAND_TYPES, filter: undefined, order: "stream", after: 0, partitions: 1, isPulled: false } as const;
  return { ...told(follower, history), name: `handler:${id}`, ...about };
}

function told(
  follower: string,
  history: readonly RecordedEvent[],
): Pick<Following, "follower" | "tenant" | "status" | "version" | "dropped" | "replays" | "isResumed"> {
  const said = history.map(({ type, data }) => ({ name: type.slice("rivulet.".length), data: JSON.parse(data) as never }));
  const all = <Data>(name: string): readonly Data[] => said.filter((one) => one.name === name).map(({ data }) => data);
  return {
    follower,
    tenant: refOf(follower).tenant,
    status: said.reduce<Following["status"]>((status, { name }) => STATUS[name] ?? status, "active"),
    version: history.length,
    dropped: new Set(all<{ position: number }>("DeadLetterDropped").map(({ position }) => position)),
    replays: all("ReplayStarted"),
    isResumed: said.some(({ name }) => STATUS[name] === "active"),
  };
}

/** Whether an event is for the follower: the platform's own are for those only who name their types' first word. */
export function isFor({ types, filter }: Pick<Following, "types" | "filter">, { stream, version, type }: LogEvent): boolean {
  const patterns = isPlatformCategory(categoryOf(stream)) ? types.filter((pattern) => !/^[*#]/.test(pattern)) : types;
  return patterns.some((pattern) => topicMatches(pattern, type)) && passesFilter(filter, { stream, version });
}
