import type { Unlisted } from "../../../durable-objects/dispatcher/places.ts";
import { type SubscriptionState, subscriptionStream } from "../../followers/subscription.ts";
import { listedSubscriptions } from "../../followers/subscriptions-view.ts";
import { readScope } from "../../views/standing.ts";
import type { Principal } from "../principal.ts";
import { problem } from "../problem.ts";
import type { Services } from "../services.ts";

/** How long (milliseconds) a place waits for the subscription that it was taken for: longer than any request may take. After that, one that nobody has made has none. */
export const WAITED_FOR = 300_000;

type Reached = Pick<Services, "shardOf" | "objectFor" | "dispatcherFor">;
type Asking = Pick<Principal, "tenant" | "bounds">;

/**
 * Takes one of the places that a tenant has for subscriptions: `isNew` where this call did. 409 where it has as many as it may; undefined
 * where nothing is said of how many, and then nobody is asked. A place is on disk before its subscription, so there are never more of
 * these; what a crash leaves between them is a place too many, which is given back when it is missed.
 */
export async function takePlace(services: Reached, { tenant, bounds }: Asking, id: string): Promise<{ readonly isNew: boolean } | Response | undefined> {
  const most = bounds?.limits?.subscriptions;
  if (most === undefined) return undefined;
  const { views } = services.shardOf(tenant);
  const dispatcher = services.dispatcherFor(tenant);
  for (;;) {
    const listed = await listedSubscriptions(views, await readScope(views, tenant, "subscriptions"));
    const answered = await dispatcher.takePlace({ id, most, listed });
    if (answered.kind !== "full") return { isNew: answered.kind === "taken" };
    const lost = await lostOf(services, tenant, answered.unlisted);
    if (lost.length === 0) return full(most);
    await dispatcher.leavePlaces(lost);
  }
}

/** Gives a place back that this call took and did not need: its subscription was refused. That it fails is no reason to answer otherwise: it is given back when it is missed. */
export async function givePlaceBack(services: Reached, tenant: string, id: string): Promise<void> {
  try {
    const { settings } = await stateOf(services, tenant, id);
    if (settings === undefined) await services.dispatcherFor(tenant).leavePlaces([id]);
  } catch (fault) {
    console.warn("api: a place was not given back", tenant, id, String(fault));
  }
}

/** Gives the place of a subscription back that was deleted just now. One that the admin key has deleted gives its own back when it is missed. */
export async function leavePlace(services: Reached, { tenant, bounds }: Asking, id: string): Promise<void> {
  if (bounds?.limits?.subscriptions !== undefined) await services.dispatcherFor(tenant).leavePlaces([id]);
}

/** Those that are deleted, or that nobody has made in time. */
async function lostOf(services: Reached, tenant: string, unlisted: readonly Unlisted[]): Promise<readonly string[]> {
  const looked = unlisted.map(async ({ id, since }) => {
    const { settings, status } = await stateOf(services, tenant, id);
    const isLost = settings === undefined && (status === "deleted" || Date.now() - since >= WAITED_FOR);
    return isLost ? [id] : [];
  });
  return (await Promise.all(looked)).flat();
}

async function stateOf(services: Reached, tenant: string, id: string): Promise<SubscriptionState> {
  return JSON.parse((await services.objectFor(tenant, subscriptionStream(id)).state()).state) as SubscriptionState;
}

function full(most: number): Response {
  const detail = `Expected at most ${most} subscriptions of this tenant at a time: delete one, or have the quota raised.`;
  return problem({ status: 409, code: "quota_exceeded", detail });
}
