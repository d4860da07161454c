import type { LimitAnswered } from "../../durable-objects/rate-limit.ts";
import type { RequestLimit } from "../identity/key.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** What every answer to a limited principal carries: draft-ietf-httpapi-ratelimit-headers. */
export type LimitHeaders = Readonly<Record<"ratelimit" | "ratelimit-policy", string>>;

/** Whether a request passes, and what its answer carries; undefined where nothing limits it, and then nobody is called. */
export async function limited(
  services: Pick<Services, "takeRequest">,
  { tenant, limits }: Pick<Principal, "tenant" | "limits">,
): Promise<{ readonly headers: LimitHeaders; readonly refusal?: Response } | undefined> {
  let tightest: { readonly remaining: number; readonly headers: LimitHeaders } | undefined;
  for (const { key, requests } of limits ?? []) {
    const answered = await services.takeRequest(tenant, key, requests);
    const headers = headersOf(requests, answered);
    // What it was counted in before stays counted: never more than a limit, whatever the others say.
    if (!answered.isAdmitted) return { headers, refusal: tooMany(requests, answered) };
    if (tightest === undefined || answered.remaining < tightest.remaining) tightest = { remaining: answered.remaining, headers };
  }
  return tightest && { headers: tightest.headers };
}

function headersOf({ limit, periodSeconds }: RequestLimit, { remaining, resetSeconds }: LimitAnswered): LimitHeaders {
  return { "ratelimit-policy": `"key";q=${limit};w=${periodSeconds}`, ratelimit: `"key";r=${remaining};t=${resetSeconds}` };
}

function tooMany({ limit, periodSeconds }: RequestLimit, { resetSeconds }: LimitAnswered): Response {
  return problem({
    status: 429,
    code: "rate_limited",
    detail: `Expected at most ${limit} requests in any ${periodSeconds} s of this key.`,
    headers: { "retry-after": String(Math.max(1, resetSeconds)) },
  });
}
