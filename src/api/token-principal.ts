import { issuerId } from "../identity/issuer.ts";
import { secretKey } from "../identity/shared-secret.ts";
import { provenBy, statedBy } from "../identity/token.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { boundsOf, outOfService } from "./tenant-standing.ts";

/**
 * Who a token (JWT) speaks for; undefined where nobody takes it. What it says of itself only chooses the issuer that it is held against.
 * 503 where that one's keys cannot be had.
 */
export async function tokenPrincipal(
  services: Pick<Services, "issuers" | "keySets" | "tenants">,
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
      const { actor, scopes, until } = holder;
      return { tenant, actor, scopes, credential: { issuer: id, until }, ...(settings.within && { limits: settings.within }), ...boundsOf(standing) };
    } catch (fault) {
      console.warn("api: an issuer's keys could not be had", tenant, id, String(fault));
      if (settings.jwksUri === undefined) continue;
      return unavailable("The keys of the token's issuer could not be had.");
    }
  }
  return undefined;
}

function unavailable(detail: string): Response {
  return problem({ status: 503, code: "issuer_unavailable", detail, headers: { "retry-after": "5" } });
}
