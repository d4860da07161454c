import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, PRIORITIES, reject, retryPolicy, type SealContext, sealContext } from "../kernel/index.ts";

/** The category that subscriptions live in: one small aggregate for each, whose stream is also what its follower is told by. */
export const SUBSCRIPTION_CATEGORY = "rivulet_subscription";

/** What a sink said of leave to send, and how many deliveries a minute it wants at most. */
export const handshake = z.object({ answer: z.enum(["allowed", "not_supported", "no_answer"]), ratePerMinute: z.int().min(1).optional() });

/** Where events go. What is secret is sealed: the signing secrets, and all headers as one JSON object. */
const sink = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("push"),
    url: z.string(),
    /** Sealed: a JSON object of header values by name; empty where there are none. */
    headers: z.string(),
    /** Sealed: `whsec_…`, or `whsk_…` for Ed25519. */
    secret: z.string(),
    /** Sealed: the one before, which signs as well until then (RFC 3339). */
    previous: z.object({ secret: z.string(), until: z.string() }).optional(),
    /** In the format cloudevents: what the sink answered when it was asked for leave to send. One that denies it is never kept. */
    handshake: handshake.optional(),
  }),
  z.object({ kind: z.literal("pull") }),
]);

/** What a subscription is set up with, as its events keep it. */
export const subscriptionSettings = z.object({
  name: z.string(),
  /** Topic patterns. */
  types: z.array(z.string()),
  /** An EventBridge pattern, or a CEL expression as a text. */
  filter: z.unknown().optional(),
  sink,
  order: z.enum(["stream", "none"]),
  priority: z.enum(PRIORITIES),
  /** Events delivered at a time. */
  concurrency: z.int(),
  timeoutMs: z.int(),
  retry: retryPolicy,
  format: z.enum(["standard", "cloudevents"]),
});

export type SubscriptionSettings = Readonly<z.output<typeof subscriptionSettings>>;

/** Where a subscription begins: after a position, fixed when it is made, by the log's mark of the event there, and for a time only what was recorded since. */
const start = z.object({ after: z.int().min(0), epoch: z.string(), entry: z.string().optional(), since: z.string().optional() });

/** What a replay goes over. Positions are inclusive; times (RFC 3339) mean `recorded`, `until` exclusive. */
export const replay = z.object({
  id: z.string(),
  from: z.int().min(1),
  to: z.int().min(0),
  since: z.string().optional(),
  until: z.string().optional(),
  types: z.array(z.string()).optional(),
  stream: z.string().optional(),
  /** Deliveries a second at most. */
  rate: z.number().positive(),
});

export type Replay = Readonly<z.output<typeof replay>>;

/** Which dead letters of a subscription are meant; all of them where nothing is said. */
export const deadLetterFilter = z.object({
  type: z.string().optional().describe("A topic pattern"),
  stream: z.string().optional(),
  since: z.string().optional().describe("Parked at or after"),
  until: z.string().optional().describe("Parked before"),
});

export type DeadLetterFilter = Readonly<z.output<typeof deadLetterFilter>>;

const redrive = z.object({ position: z.int().min(1), reason: z.string().optional(), edit: z.unknown().optional() });
const redriveRun = z.object({ id: z.string(), filter: deadLetterFilter, reason: z.string().optional() });
const drop = z.object({ position: z.int().min(1), reason: z.string() });
const pause = z.object({ reason: z.string().optional() });

export const subscriptionEvents = defineEvents("rivulet", {
  SubscriptionCreated: subscriptionSettings.extend({ start }),
  SubscriptionChanged: subscriptionSettings,
  SubscriptionPaused: pause,
  SubscriptionResumed: z.object({}),
  /** By the platform: the sink is gone. */
  SubscriptionDisabled: z.object({ reason: z.string() }),
  SubscriptionFailing: z.object({ reason: z.string() }),
  SubscriptionRecovered: z.object({}),
  SubscriptionDeleted: z.object({}),
  ReplayStarted: replay,
  ReplayStopped: z.object({ id: z.string() }),
  DeadLetterRedriven: redrive,
  DeadLettersRedriven: redriveRun,
  DeadLetterDropped: drop,
});

/** A subscription; without settings where nobody made one, or it was deleted. Secrets in it are sealed. */
export interface SubscriptionState {
  readonly settings?: SubscriptionSettings;
  readonly start?: z.output<typeof start>;
  readonly status: "active" | "paused" | "disabled" | "deleted";
  readonly reason?: string;
  /** Deliveries fail, and nothing has got through since. */
  readonly isFailing: boolean;
}

/** A subscription as an aggregate. What is asked of its follower (a replay, a redrive) is an event too: nothing is told twice, and nothing gets lost. */
export const subscription = defineDecider({
  category: SUBSCRIPTION_CATEGORY,
  events: subscriptionEvents,
  commands: {
    Create: subscriptionSettings.extend({ start }),
    Change: subscriptionSettings,
    Pause: pause,
    Resume: z.object({}),
    Disable: z.object({ reason: z.string() }),
    ReportFailing: z.object({ reason: z.string() }),
    ReportRecovered: z.object({}),
    Delete: z.object({}),
    StartReplay: replay,
    StopReplay: z.object({ id: z.string() }),
    Redrive: redrive,
    RedriveAll: redriveRun,
    Drop: drop,
  },
  initialState: (): SubscriptionState => ({ status: "active", isFailing: false }),
  evolve: {
    SubscriptionCreated: (_, { data: { start, ...settings } }) => ({ settings, start, status: "active", isFailing: false }),
    SubscriptionChanged: (state, { data }) => ({ ...state, settings: data }),
    SubscriptionPaused: (state, { data: { reason } }) => ({ ...state, status: "paused", ...(reason !== undefined && { reason }) }),
    SubscriptionResumed: (state) => {
      const { reason: _, ...others } = state;
      return { ...others, status: "active" };
    },
    SubscriptionDisabled: (state, { data: { reason } }) => ({ ...state, status: "disabled", reason }),
    SubscriptionFailing: (state) => ({ ...state, isFailing: true }),
    SubscriptionRecovered: (state) => ({ ...state, isFailing: false }),
    SubscriptionDeleted: () => ({ status: "deleted", isFailing: false }),
    ReplayStarted: (state) => state,
    ReplayStopped: (state) => state,
    DeadLetterRedriven: (state) => state,
    DeadLettersRedriven: (state) => state,
    DeadLetterDropped: (state) => state,
  },
  unique: {
    wants: {
      Create: ({ data }) => [{ scope: "rivulet/subscription", value: data.name }],
      Change: ({ data }) => [{ scope: "rivulet/subscription", value: data.name }],
    },
    frees: ["Delete"],
    holds: ({ settings }) => (settings === undefined ? [] : [{ scope: "rivulet/subscription", value: settings.name }]),
    taken: reject("subscription_exists", "There is a subscription of this name already: choose another name, or delete that one first."),
  },
  decide: {
    Create: ({ data }, { settings, status }) => {
      if (settings !== undefined || status === "deleted") return reject("subscription_exists", "There is a subscription of this id already.");
      return subscriptionEvents.SubscriptionCreated(data);
    },
    Change: ({ data }, { settings }) => {
      if (settings === undefined) return NOT_THERE;
      return canonicalJson(settings) === canonicalJson(data) ? [] : subscriptionEvents.SubscriptionChanged(data);
    },
    Pause: ({ data }, { settings, status }) => (settings === undefined ? NOT_THERE : status === "active" ? subscriptionEvents.SubscriptionPaused(data) : []),
    // Also where it is active: a follower that stopped by itself begins again.
    Resume: (_, { settings }) => (settings === undefined ? NOT_THERE : subscriptionEvents.SubscriptionResumed({})),
    Disable: ({ data }, { settings, status }) =>
      settings === undefined ? NOT_THERE : status === "disabled" ? [] : subscriptionEvents.SubscriptionDisabled(data),
    ReportFailing: ({ data }, { settings, isFailing }) => (settings === undefined || isFailing ? [] : subscriptionEvents.SubscriptionFailing(data)),
    ReportRecovered: (_, { isFailing }) => (isFailing ? subscriptionEvents.SubscriptionRecovered({}) : []),
    Delete: (_, { settings }) => (settings === undefined ? [] : subscriptionEvents.SubscriptionDeleted({})),
    StartReplay: ({ data }, { settings }) => (settings === undefined ? NOT_THERE : subscriptionEvents.ReplayStarted(data)),
    StopReplay: ({ data }, { settings }) => (settings === undefined ? NOT_THERE : subscriptionEvents.ReplayStopped(data)),
    Redrive: ({ data }, { settings }) => (settings === undefined ? NOT_THERE : subscriptionEvents.DeadLetterRedriven(data)),
    RedriveAll: ({ data }, { settings }) => (settings === undefined ? NOT_THERE : subscriptionEvents.DeadLettersRedriven(data)),
    Drop: ({ data }, { settings }) => (settings === undefined ? NOT_THERE : subscriptionEvents.DeadLetterDropped(data)),
  },
});

const NOT_THERE = reject("no_such_subscription", "There is no subscription of this id.");

/** The stream of a subscription. */
export function subscriptionStream(id: string): string {
  return `${SUBSCRIPTION_CATEGORY}-${id}`;
}

/** What binds a subscription's sealed texts to their place. */
export function subscriptionContext(tenant: string, id: string): SealContext {
  return sealContext(tenant, subscriptionStream(id));
}
