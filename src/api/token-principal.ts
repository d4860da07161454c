import { issuerId, type IssuerSettings } from "../identity/issuer.ts";
import { secretKey } from "../identity/shared-secret.ts";
import { provenBy, statedBy, type TokenHolder } from "../identity/token.ts";
import { MAX_ROLES } from "../identity/role.ts";
import { allows } from "../kernel/index.ts";
import { withRoles } from "./roles.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { boundsOf, outOfService } from "./tenant-standing.ts";

/**
 * Who a token (JWT) speaks for; undefined where nobody takes it. What it says of itself only chooses the issuer that it is held against.
 * 503 where that one's keys cannot be had.
 */
export async function tokenPrincipal(
  services: Pick<Services, "issuers" | "keySets" | "tenants" | "roles" | "members">,
  token: string,
  now: number,
): Promise<Principal | Response | undefined> {
  const stated = statedBy(token);
  for (const audience of stated?.audiences ?? []) {
    const id = issuerId(stated?.issuer ?? "", audience);
    const found = await services.issuers.get(id);
    if (found === undefined) continue;
    const { tenant, settings } = found;
    try {
      if (settings.secret !== undefined && found.secret === undefined)
        return unavailable("The secret of the token's issuer cannot be opened with the present MASTER_KEY.");
      const keys = found.secret === undefined ? services.keySets.of(settings) : secretKey(found.secret);
      const holder = await provenBy(settings, keys, token, now);
      if (holder === undefined) continue;
      const standing = await services.tenants.get(tenant);
      const refusal = outOfService(tenant, standing);
      if (refusal) return refusal;
      const { actor, until } = holder;
      const scopes = await scopesOf(services, found, holder);
      return { tenant, actor, scopes, credential: { issuer: id, until }, ...(settings.within && { limits: settings.within }), ...boundsOf(standing) };
    } catch (fault) {
      console.warn("api: an issuer's keys could not be had", tenant, id, String(fault));
      if (settings.jwksUri === undefined) continue;
      return unavailable("The keys of the token's issuer could not be had.");
    }
  }
  return undefined;
}

/** What a token's claims, and the roles of the one it speaks for, come to; never more than who registered its issuer has. */
async function scopesOf(
  services: Pick<Services, "roles" | "members">,
  { tenant, settings }: { readonly tenant: string; readonly settings: IssuerSettings },
  { scopes, roles, user }: TokenHolder,
): Promise<readonly string[]> {
  const assigned = settings.memberships === true ? await services.members.get(`${tenant}/${user}`) : [];
  const all = await withRoles(services, tenant, { scopes, roles: [...new Set([...roles, ...assigned])].slice(0, MAX_ROLES) });
  return all.filter((scope) => allows(settings.grants, scope));
}

function unavailable(detail: string): Response {
  return problem({ status: 503, code: "issuer_unavailable", detail, headers: { "retry-after": "5" } });
}
