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
  { tenant, limit, credential }: Pick<Principal, "tenant" | "limit" | "credential">,
): Promise<{ readonly headers: LimitHeaders; readonly refusal?: Response } | undefined> {
  if (limit === undefined || credential === undefined || !("key" in credential)) return undefined;
  const answered = await services.takeRequest(tenant, credential.key, limit);
  const headers = headersOf(limit, answered);
  return answered.isAdmitted ? { headers } : { headers, refusal: tooMany(limit, answered) };
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
