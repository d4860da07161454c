import type { LimitAnswered } from "../../durable-objects/rate-limit.ts";
import type { CountedLimit, RequestLimit } from "../identity/key.ts";
import { tenantBucket } from "../identity/tenant.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** What every answer to a limited principal carries: draft-ietf-httpapi-ratelimit-headers. */
export type LimitHeaders = Readonly<Record<"ratelimit" | "ratelimit-policy", string>>;

/** What becomes of a request by the limits: what its answer carries, and a refusal where it does not pass. */
export interface Limited {
  readonly headers: LimitHeaders;
  readonly refusal?: Response;
  /** It is the tenant's limit that has no room, not the key's. */
  readonly isTenants?: boolean;
}

/** Whose limit it is: a key's, its whole tenant's, or that of the tenant's critical events. */
type Kind = "key" | "tenant" | "critical";
type Bucket = CountedLimit & { readonly kind: Kind };
type Bound = Pick<Principal, "tenant" | "limits" | "bounds">;

/** Whether a request passes: its key's limits, then its tenant's. Undefined where nothing limits it, and then nobody is called. */
export async function limited(services: Pick<Services, "takeRequest">, { tenant, limits = [], bounds }: Bound): Promise<Limited | undefined> {
  const whole = bounds?.limits?.requests;
  const own = limits.map((limit) => ({ ...limit, kind: "key" }) as const);
  return taken(services, tenant, whole === undefined ? own : [...own, { ...tenantBucket(whole, "tenant"), kind: "tenant" }]);
}

/** What becomes of a request for which its tenant's limit had no room left: where all it brings is critical, there is ten times as much of its own. */
export async function orCritical(
  services: Pick<Services, "takeRequest">,
  { tenant, bounds }: Bound,
  limit: Limited | undefined,
  isCritical: boolean,
): Promise<Limited | undefined> {
  const whole = bounds?.limits?.requests;
  if (!isCritical || limit?.refusal === undefined || limit.isTenants !== true || whole === undefined) return limit;
  return taken(services, tenant, [{ ...tenantBucket(whole, "critical"), kind: "critical" }]);
}

async function taken(services: Pick<Services, "takeRequest">, tenant: string, limits: readonly Bucket[]): Promise<Limited | undefined> {
  let tightest: { readonly remaining: number; readonly headers: LimitHeaders } | undefined;
  for (const { kind, key, requests } of limits) {
    const answered = await services.takeRequest(tenant, key, requests);
    const headers = headersOf(kind, requests, answered);
    // What it was counted in before stays counted: never more than a limit, whatever the others say.
    if (!answered.isAdmitted) return { headers, refusal: tooMany(kind, requests, answered), isTenants: kind === "tenant" };
    if (tightest === undefined || answered.remaining < tightest.remaining) tightest = { remaining: answered.remaining, headers };
  }
  return tightest && { headers: tightest.headers };
}

function headersOf(kind: Kind, { limit, periodSeconds }: RequestLimit, { remaining, resetSeconds }: LimitAnswered): LimitHeaders {
  return { "ratelimit-policy": `"${kind}";q=${limit};w=${periodSeconds}`, ratelimit: `"${kind}";r=${remaining};t=${resetSeconds}` };
}

/** Whose requests, or which, are too many. */
const OF: Readonly<Record<Kind, string>> = {
  key: "of this key",
  tenant: "of all this tenant's keys",
  critical: "with critical events of all this tenant's keys",
};

function tooMany(kind: Kind, { limit, periodSeconds }: RequestLimit, { resetSeconds }: LimitAnswered): Response {
  return problem({
    status: 429,
    code: kind === "key" ? "rate_limited" : "tenant_rate_limited",
    detail: `Expected at most ${limit} requests in any ${periodSeconds} s ${OF[kind]}.`,
    headers: { "retry-after": String(Math.max(1, resetSeconds)) },
  });
}
