import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents } from "../kernel/index.ts";

/** The category of the one aggregate, in each tenant's log, that says which web pages may read the tenant's answers. */
export const ORIGINS_CATEGORY = "rivulet_origins";
export const ORIGINS_ID = "allowed";
/** Its stream. */
export const ORIGINS_STREAM = `${ORIGINS_CATEGORY}-${ORIGINS_ID}`;

/** Origins of a tenant, at most. */
export const MAX_ORIGINS = 100;

const allowed = z.object({ origins: z.array(z.string()) });

const originEvents = defineEvents("rivulet", { OriginsAllowed: allowed });

/** Which origins are allowed; none before anybody says so. */
export interface OriginsState {
  readonly origins: readonly string[];
}

/** The origins (RFC 6454) whose pages may read what a tenant is answered. */
export const origins = defineDecider({
  category: ORIGINS_CATEGORY,
  events: originEvents,
  commands: { Allow: allowed },
  initialState: (): OriginsState => ({ origins: [] }),
  evolve: { OriginsAllowed: (_, { data: { origins } }) => ({ origins }) },
  decide: { Allow: ({ data }, { origins }) => (canonicalJson(origins) === canonicalJson(data.origins) ? [] : originEvents.OriginsAllowed(data)) },
});

/** Why a text is no origin that can be allowed, in a sentence that begins with "Expected"; undefined where it is one. */
export function originFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // `*` and `null` are none: the one is everybody, the other any sandboxed page of anybody's.
  if (url === undefined || url.origin !== text || text.includes("*"))
    return "Expected an origin as browsers send it, such as https://app.example: no path, no wildcard";
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  // Whoever is on the way could put a script of his own into such a page.
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal)) return "Expected https, or http of localhost";
  return undefined;
}
