import { runDurableObjectAlarm } from "cloudflare:test";
import type { FollowerIdentity, FollowerStanding } from "../../durable-objects/follower/contract.ts";
import { followerFor } from "../../durable-objects/object-for.ts";
import type { Start } from "../../src/api/subscriptions/start.ts";
import { SUBSCRIPTION_CATEGORY, subscriptionContext, type SubscriptionSettings } from "../../src/followers/subscription.ts";
import { dispatcher, env, send } from "./engine.ts";
import { sealed } from "./sealed.ts";
import { sinks } from "./worker.ts";

/** A delivery as a sink got it. */
export interface Received {
  readonly url: string;
  readonly id: string;
  readonly attempt: number;
  readonly replay: string | null;
  readonly event: { readonly stream: string; readonly version: number; readonly position: number; readonly type: string; readonly data: unknown };
}

/** What sinks got, and how they answer: a status, or a throw. */
export interface Sinks {
  readonly received: Received[];
  answer: (received: Received) => number | Response | Promise<number | Response>;
}

/** Stands in for the network beyond the worker. */
export function listen(): Sinks {
  const all: Sinks = { received: [], answer: () => 204 };
  sinks.fetch = async (request, init) => {
    const sent = new Request(request, init);
    const body = (await sent.json()) as { data: Received["event"] };
    const { headers } = sent;
    const received = {
      url: sent.url,
      id: headers.get("webhook-id") ?? "",
      attempt: Number(headers.get("rivulet-attempt")),
      replay: headers.get("rivulet-replay"),
      event: body.data,
    };
    all.received.push(received);
    const answer = await all.answer(received);
    return typeof answer === "number" ? new Response(null, { status: answer }) : answer;
  };
  return all;
}

/** Sends a command to a subscription's aggregate and has its follower told, as the API does. */
export async function tell(tenant: string, id: string, name: string, data: object): Promise<void> {
  await send(tenant, `${SUBSCRIPTION_CATEGORY}-${id}`, name, data);
  await dispatcher(tenant).learn(`subscription:${id}`);
}

/** Makes a subscription of everything, from the beginning, that retries at once. */
export async function subscribe(
  tenant: string,
  id: string,
  more: Partial<SubscriptionSettings & Start> & { readonly ratePerMinute?: number } = {},
): Promise<void> {
  const { after = 0, epoch = "", entry, ratePerMinute, ...settings } = more;
  const secret = await sealed(`whsec_${btoa("a".repeat(32))}`, subscriptionContext(tenant, id));
  await tell(tenant, id, "Create", {
    name: id,
    types: ["notes.#"],
    sink: {
      kind: "push",
      url: `https://sink.example/${id}`,
      headers: "",
      secret,
      ...(ratePerMinute !== undefined && { handshake: { answer: "allowed", ratePerMinute } }),
    },
    order: "stream",
    priority: "normal",
    concurrency: 6,
    timeoutMs: 1_000,
    retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 2 },
    format: "standard",
    start: { after, epoch, ...(entry !== undefined && { entry }) },
    ...settings,
  });
}

export function follower(tenant: string, id: string, kind: FollowerIdentity["kind"] = "subscription", partition = 0) {
  return followerFor(env, { tenant, kind, id, partition });
}

/** How its first partition stands, where the dispatcher has told everybody of everything up to a position. */
export async function standing(tenant: string, id: string, kind: FollowerIdentity["kind"] = "subscription", routed = 0): Promise<FollowerStanding> {
  return (await follower(tenant, id, kind).standing(routed)) as FollowerStanding;
}

/** Fires the follower's alarm if it has one; says whether it had. */
export function fireFollower(tenant: string, id: string, kind: FollowerIdentity["kind"] = "subscription"): Promise<boolean> {
  return runDurableObjectAlarm(follower(tenant, id, kind));
}
