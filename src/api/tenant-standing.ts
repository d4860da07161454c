import type { TenantState } from "../identity/tenant.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";

/** 403 for who has a good key of a tenant that is suspended, or deleted; undefined where it is neither. */
export function outOfService(tenant: string, { isSuspended, deletion }: Pick<TenantState, "isSuspended" | "deletion">): Response | undefined {
  if (deletion !== undefined) return deleted(tenant);
  return isSuspended ? problem({ status: 403, code: "tenant_suspended", detail: `The tenant ${tenant} is suspended.` }) : undefined;
}

/** What binds who has a key of the tenant, where anything does. */
export function boundsOf({ limits, isReadOnly = false }: Pick<TenantState, "limits" | "isReadOnly">): Pick<Principal, "bounds"> {
  return limits === undefined && !isReadOnly ? {} : { bounds: { ...(limits && { limits }), isReadOnly } };
}

/** 403: all that anybody is told of a deleted tenant, the admin key too, for whatever it wrote would be of nobody. */
export function deleted(tenant: string): Response {
  return problem({ status: 403, code: "tenant_deleted", detail: `The tenant ${tenant} is deleted, and its id is never given again.` });
}
