import { fullQuota } from "../identity/full-quota.ts";
import type { TenantLimits } from "../identity/tenant.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import { type Needed, scopesOf } from "./scope.ts";
import type { Services } from "./services.ts";

const DAY = 86_400_000;

/** 403 for a write into a tenant that is read-only; undefined where it may be written. */
export function readOnly(tenant: string, isReadOnly: boolean | undefined): Response | undefined {
  if (isReadOnly !== true) return undefined;
  const detail = `The tenant ${tenant} is read-only for now: whoever runs the platform has switched its writes off. What is there can be read.`;
  return problem({ status: 403, code: "tenant_read_only", detail });
}

/** What a request would do, as far as its endpoint says. */
interface Doing {
  readonly method: string;
  readonly scope: Needed;
}

/** Whether a tenant's bounds let a request write: 403 where it is read-only or full, 429 where its day is. Who reads is asked nothing. */
export async function outOfBounds(
  services: Pick<Services, "eventsToday" | "bytesTaken">,
  { tenant, bounds }: Pick<Principal, "tenant" | "bounds">,
  { method, scope }: Doing,
): Promise<Response | undefined> {
  if (bounds === undefined || method === "get") return undefined;
  const refusal = readOnly(tenant, bounds.isReadOnly);
  if (refusal) return refusal;
  const isEvents = scopesOf(scope).some((one) => one.startsWith("events:") || one.startsWith("commands:"));
  return isEvents ? quotaIsFull(services, tenant, bounds.limits) : undefined;
}

/** 429 where the day of a tenant's log is full, 403 where its storage is; undefined where it may take more. */
export async function quotaIsFull(
  services: Pick<Services, "eventsToday" | "bytesTaken">,
  tenant: string,
  limits: TenantLimits | undefined,
): Promise<Response | undefined> {
  if (limits === undefined) return undefined;
  const full = await fullQuota(limits, { eventsToday: () => services.eventsToday.get(tenant), bytesTaken: () => services.bytesTaken.get(tenant) });
  if (full === undefined) return undefined;
  return full.quota === "eventsPerDay" ? dayIsFull(full.most) : storageIsFull(full.most);
}

function storageIsFull(storageBytes: number): Response {
  const detail = `Expected at most ${storageBytes} bytes in this tenant's log. It may go on when its quota is raised; what is there can be read.`;
  return problem({ status: 403, code: "storage_exceeded", detail });
}

function dayIsFull(eventsPerDay: number): Response {
  return problem({
    status: 429,
    code: "quota_exceeded",
    detail: `Expected at most ${eventsPerDay} events a day (UTC) of this tenant. It may go on at midnight, or when its quota is raised.`,
    headers: { "retry-after": String(Math.ceil((DAY - (Date.now() % DAY)) / 1_000)) },
  });
}
