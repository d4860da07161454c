import { z } from "@hono/zod-openapi";
import type { FollowerStanding } from "../../../durable-objects/follower/contract.ts";
import { handshake, subscriptionContext, type SubscriptionSettings, type SubscriptionState } from "../../followers/subscription.ts";
import { PRIORITIES, retryPolicy } from "../../kernel/index.ts";
import type { Services } from "../services.ts";
import { openHeaders } from "./sealed-sink.ts";

const settings = {
  name: z.string(),
  types: z.array(z.string()),
  filter: z.any().optional(),
  order: z.enum(["stream", "none"]),
  priority: z.enum(PRIORITIES),
  concurrency: z.int(),
  timeoutMs: z.int(),
  retry: retryPolicy,
  format: z.enum(["standard", "cloudevents"]),
};
const status = { status: z.enum(["active", "paused", "disabled"]), reason: z.string().optional().describe("Why it is not active") };

/** A line of the list. */
export const subscriptionLine = z.object({
  id: z.uuid(),
  ...settings,
  sink: z.union([z.object({ url: z.string() }), z.object({ pull: z.literal(true) })]),
  ...status,
  failing: z.boolean().describe("Deliveries fail, and nothing has got through since"),
  createdAt: z.string(),
  updatedAt: z.string(),
});

const sink = z.union([
  z.object({
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe("Values of headers whose names speak of secrets are not shown"),
    secret: z.string().optional().describe("Where it was made just now: it is never shown again"),
    handshake: handshake
      .optional()
      .describe("In the format cloudevents: what the sink answered to OPTIONS with WebHook-Request-Origin; ratePerMinute is kept to, over all deliveries"),
    previousSecretUntil: z.string().optional().describe("Until then the secret before signs as well"),
  }),
  z.object({ pull: z.literal(true) }),
]);

const shown = { id: z.uuid(), ...settings, sink, ...status, createdAt: z.string() };

/** A subscription, as commands answer with it. */
export const subscription = z.object({ ...shown, position: z.int().optional().describe("Of a new one: it begins after this") }).openapi("Subscription");

/** An attempt to deliver. */
export const attempt = z.object({
  at: z.string(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  durationMs: z.number(),
  body: z.string().optional().describe("The beginning of the answer, at most 1 KB"),
});

/** How a follower stands: of subscriptions and handlers alike. */
export const standing = {
  position: z.int().describe("Up to here everything is delivered, parked, or waits for its next attempt"),
  lag: z.int().describe("Positions to the head of the log"),
  state: z.enum(["active", "paused", "disabled", "stopped"]),
  reason: z.string().nullable().describe("Why it is not active"),
  health: z.enum(["healthy", "degraded", "failing"]),
  counts: z.object({ delivered: z.int(), failed: z.int(), parked: z.int() }),
  retrying: z.int().describe("Streams that wait for their next attempt"),
  parked: z.int().describe("Streams that wait behind a dead letter"),
};

/** A subscription with how its follower stands. */
export const subscriptionNow = z
  .object({
    ...shown,
    ...standing,
    replays: z.array(z.object({ id: z.string(), position: z.int(), to: z.int(), delivered: z.int(), state: z.enum(["running", "done", "stopped"]) })),
    redrives: z.array(z.object({ id: z.string(), delivered: z.int(), left: z.int(), state: z.enum(["running", "done", "stopped"]) })),
  })
  .openapi("SubscriptionNow");

/** How a follower stands, as both of its kinds show it. */
export function shownStanding({ position, state, reason, health, counts, retrying, parked, head }: FollowerStanding & { readonly head: number }) {
  return { position, lag: Math.max(head - position, 0), state, reason, health, counts, retrying, parked };
}

/** A subscription as its aggregate knows it, without what is secret in it. */
export async function shownSubscription(
  { sealer }: Services,
  tenant: string,
  id: string,
  {
    settings,
    status,
    reason,
    createdAt,
  }: Pick<SubscriptionState, "status" | "reason"> & { readonly settings: SubscriptionSettings; readonly createdAt: string },
): Promise<z.output<typeof subscription>> {
  const { name, types, filter, sink, order, priority, concurrency, timeoutMs, retry, format } = settings;
  const headers = sink.kind === "push" && sealer ? ((await openHeaders({ sealer, context: subscriptionContext(tenant, id) }, sink)) ?? {}) : {};
  return {
    id,
    name,
    types: [...types],
    ...(filter !== undefined && { filter }),
    sink:
      sink.kind === "pull"
        ? { pull: true }
        : {
            url: sink.url,
            headers: withoutCredentials(headers),
            ...(sink.handshake && { handshake: sink.handshake }),
            ...(sink.previous && { previousSecretUntil: sink.previous.until }),
          },
    order,
    priority,
    concurrency,
    timeoutMs,
    retry,
    format,
    status: status === "deleted" ? "disabled" : status,
    ...(reason !== undefined && { reason }),
    createdAt,
  };
}

/** What stands for a value that is not shown. */
const HIDDEN = "•••";

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const isSecret = (name: string): boolean => /authorization|cookie|token|key|secret|password|signature/i.test(name);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecret(name) ? HIDDEN : value]));
}
