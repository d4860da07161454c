import type { Granted } from "../../durable-objects/tickets.ts";
import { issuerId, type IssuerSettings } from "../identity/issuer.ts";
import { secretKey } from "../identity/shared-secret.ts";
import { provenBy, statedBy, type TokenHolder, type TokenRefused } from "../identity/token.ts";
import { grantedScopes } from "./roles.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { boundsOf, outOfService } from "./tenant-standing.ts";

/**
 * Who a token (JWT) speaks for; undefined where nobody takes it, and why not where it is a registered issuer's. What it says of itself only chooses the issuer that it is held against.
 * 503 where that one's keys cannot be had.
 */
export async function tokenPrincipal(
  services: Pick<Services, "issuers" | "keySets" | "tenants" | "roles" | "members">,
  token: string,
  now: number,
): Promise<Principal | Response | TokenRefused | undefined> {
  const stated = statedBy(token);
  let refused: TokenRefused | undefined;
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
      if (holder === undefined || "refused" in holder) {
        refused ??= holder;
        continue;
      }
      const standing = await services.tenants.get(tenant);
      const refusal = outOfService(tenant, standing);
      if (refusal) return refusal;
      const { actor, until } = holder;
      const granted = grantedBy(settings, holder);
      const scopes = await grantedScopes(services, tenant, granted);
      const isByRoles = granted.roles.length > 0 || granted.user !== undefined;
      return {
        tenant,
        actor,
        scopes,
        credential: { issuer: id, until },
        ...(isByRoles && { granted }),
        ...(settings.within && { limits: settings.within }),
        ...boundsOf(standing),
      };
    } catch (fault) {
      console.warn("api: an issuer's keys could not be had", tenant, id, String(fault));
      if (settings.jwksUri === undefined) continue;
      return unavailable("The keys of the token's issuer could not be had.");
    }
  }
  return refused;
}

/** What a token's claims, and the roles of the one it speaks for, come to; never more than who registered its issuer has. */
function grantedBy(settings: IssuerSettings, { scopes, roles, user }: TokenHolder): Granted {
  return { scopes, roles, ...(settings.memberships === true && { user }), within: settings.grants };
}

function unavailable(detail: string): Response {
  return problem({ status: 503, code: "issuer_unavailable", detail, headers: { "retry-after": "5" } });
}
