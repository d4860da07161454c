import type { ParkedLetter } from "../../followers/dead-letters.ts";
import { followerOf } from "../../followers/dead-letters.ts";
import { topicMatches } from "../../kernel/index.ts";
import type { Services } from "../services.ts";
import { knownSubscription } from "./state.ts";

/** Events of a stream that are looked at behind a dead letter. */
export const MOST_WAITING = 1_000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * How many events of its stream wait behind a dead letter, among the next 1,000: those of the types that its follower wants. Null where
 * none has to wait: without order, and where the follower is gone.
 */
export async function waitingBehind(services: Services, tenant: string, { subscription, event, stream }: ParkedLetter): Promise<number | null> {
  const types = await typesInOrder(services, tenant, subscription);
  if (types === undefined) return null;
  // The stream's object finds them by their versions; the log would have to be looked through.
  const { version } = JSON.parse(event) as { readonly version: number };
  const object = services.objectFor(tenant, stream);
  const request = { limit: MOST_WAITING, direction: "forward", maxBytes: MAX_BYTES } as const;
  const asked = await object.read({ ...request, from: version + 1 });
  // Retention may have taken its beginning; the log has it, but what is left tells enough.
  const { items } = asked.isGone ? await object.read(request) : asked;
  const behind = JSON.parse(`[${new TextDecoder().decode(items)}]`) as readonly { readonly type: string }[];
  return behind.filter(({ type }) => types.some((pattern) => topicMatches(pattern, type))).length;
}

/** The types that a follower wants, in order; undefined where it has none, or is gone. */
async function typesInOrder(services: Services, tenant: string, subscription: string): Promise<readonly string[] | undefined> {
  const { kind, id } = followerOf(subscription);
  if (kind === "handler") return services.handlers.find(({ name }) => name === id)?.on;
  const known = await knownSubscription(services, tenant, id);
  return known instanceof Response || known.settings.order === "none" ? undefined : known.settings.types;
}
