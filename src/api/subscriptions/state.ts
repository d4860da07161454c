import { type SubscriptionSettings, type SubscriptionState, subscriptionStream } from "../../followers/subscription.ts";
import { notFound, problem } from "../problem.ts";
import type { Services } from "../services.ts";

/** A subscription that is there: its state, and the version of its stream. Its secrets are sealed. */
export type KnownSubscription = SubscriptionState & { readonly settings: SubscriptionSettings; readonly version: number };

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a subscription can have this id: no stream is looked for under what can be none. */
export function isSubscriptionId(id: string): boolean {
  return ID.test(id);
}

/** A subscription as its aggregate knows it now; 404 where there is none (any more). */
export async function knownSubscription(services: Services, tenant: string, id: string): Promise<KnownSubscription | Response> {
  if (!isSubscriptionId(id)) return noSubscription(id);
  const { state, version } = await services.objectFor(tenant, subscriptionStream(id)).state();
  const known = JSON.parse(state) as SubscriptionState;
  return known.settings === undefined ? noSubscription(id) : { ...known, settings: known.settings, version };
}

/** 404. */
export function noSubscription(id: string): Response {
  return notFound(`There is no subscription ${id}.`);
}

/** 409 where what is asked for makes sense for those only that are called. */
export function notPush(id: string): Response {
  return problem({ status: 409, code: "not_a_push_subscription", detail: `Subscription ${id} is pulled: nobody is called for it.` });
}

/** 409 where what is asked for makes sense for those only that pull. */
export function notPull(id: string): Response {
  return problem({ status: 409, code: "not_a_pull_subscription", detail: `Subscription ${id} pushes: its events go to its URL, and cannot be pulled.` });
}
