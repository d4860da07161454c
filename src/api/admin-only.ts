import { DEFAULT_TENANT } from "../kernel/index.ts";
import { ADMIN, type Principal } from "./principal.ts";
import { problem } from "./problem.ts";

/** 403 for everybody but `ADMIN_KEY` itself, acting for no other tenant: what concerns all tenants is no matter of one tenant's keys, whatever their scopes. */
export function adminOnly({ principal }: { readonly principal: Principal }): Response | undefined {
  if (principal.actor === ADMIN && principal.tenant === DEFAULT_TENANT) return undefined;
  return problem({
    status: 403,
    code: "forbidden",
    detail: `Expected the admin key, and no Tenant-Id: this concerns all tenants, and is done by the admin key of ${DEFAULT_TENANT} alone.`,
  });
}
