import type { Granted } from "../../../durable-objects/tickets.ts";
import { issuerStream } from "../../identity/issuer.ts";
import { keyStream } from "../../identity/key.ts";
import { MAX_ROLES, membershipStream, ROLE_PATTERN, roleStream } from "../../identity/role.ts";
import { tenantStream } from "../../identity/tenant.ts";
import { DEFAULT_TENANT } from "../../kernel/index.ts";
import { isStillGood, type Principal } from "../principal.ts";
import { grantedScopes } from "../roles.ts";
import type { Services } from "../services.ts";
import { Doorbell } from "./doorbell.ts";

/** The longest time (milliseconds) between two looks at the clock: a timer takes no more than some 24 days. */
const LONGEST_WAIT = 3_600_000;

/**
 * Listens at the key that a live connection was opened with and at its tenant, and calls `end` once when it opens nothing any more: at once where it is
 * revoked or the tenant is suspended, at its time where it expires, and also where an object lets go of us, for then nobody would say. Gives what stops it.
 * A key that is bad already is found out before this returns.
 */
export async function watchCredential(
  services: Pick<Services, "keys" | "tenants" | "issuers" | "objectFor" | "roles" | "members">,
  { tenant, credential, granted }: Pick<Principal, "tenant" | "credential" | "granted">,
  { mayStill, end }: { readonly mayStill: (scopes: readonly string[]) => boolean; readonly end: () => void },
): Promise<() => void> {
  if (credential === undefined) return () => {};
  const sources = granted === undefined ? [] : await streamsOf(services, tenant, granted);
  const bells = await Promise.all([
    Doorbell.connect(services.objectFor(tenant, "key" in credential ? keyStream(credential.key) : issuerStream(credential.issuer))),
    Doorbell.connect(services.objectFor(DEFAULT_TENANT, tenantStream(tenant))),
    ...sources.map((stream) => Doorbell.connect(services.objectFor(tenant, stream))),
  ]);
  const isAllowed = async (): Promise<boolean> => granted === undefined || mayStill(await grantedScopes(services, tenant, granted, "fresh"));
  const heads = (): string => bells.map(({ head }) => head).join();
  const isClosed = (): boolean => bells.some((bell) => bell.isClosed);
  const close = (): void => bells.forEach((bell) => bell.close());
  const watching = { isStopped: false };
  let before = heads();
  const isGood = async (): Promise<boolean> => !isClosed() && (await isStillGood(services, tenant, credential)) && (await isAllowed());
  const watch = async (): Promise<void> => {
    do {
      const left = credential.until === undefined ? LONGEST_WAIT : Date.parse(credential.until) - Date.now();
      // What was rung while we looked has moved the head: then there is nothing to wait for.
      const wait = Math.max(0, Math.min(left, LONGEST_WAIT));
      if (heads() === before && !isClosed()) await Promise.race(bells.map((bell) => bell.wait(wait)));
      if (watching.isStopped) return;
      before = heads();
    } while (await isGood().catch(() => false));
    close();
    if (!watching.isStopped) end();
  };
  if (await isGood().catch(() => false)) void watch();
  else {
    close();
    end();
  }
  return () => {
    watching.isStopped = true;
    close();
  };
}

/** The streams that scopes come of which were granted by roles: those of the roles, and of the membership that gives some of them. */
async function streamsOf(services: Pick<Services, "members">, tenant: string, { roles, user }: Granted): Promise<readonly string[]> {
  const assigned = user === undefined ? [] : await services.members.get(`${tenant}/${user}`);
  const membership = user === undefined ? undefined : membershipStream(tenant, user);
  const names = [...new Set([...roles, ...assigned])].filter((role) => ROLE_PATTERN.test(role)).slice(0, MAX_ROLES);
  return [...names.map(roleStream), ...(membership === undefined ? [] : [membership])];
}
