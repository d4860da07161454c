import type { Granted } from "../../durable-objects/tickets.ts";
import { MAX_ROLES } from "../identity/role.ts";
import { allows } from "../kernel/index.ts";
import type { Principal } from "./principal.ts";
import { missingScope } from "./scope.ts";
import type { Services } from "./services.ts";

/** Scopes with those of roles: at once where nothing has to be read. A role that nobody has defined lets nothing. */
export function withRoles(
  services: Pick<Services, "roles">,
  tenant: string,
  { scopes, roles = [] }: { readonly scopes: readonly string[]; readonly roles?: readonly string[] | undefined },
): readonly string[] | Promise<readonly string[]> {
  if (roles.length === 0) return scopes;
  const found = roles.map((role) => services.roles.get(nameOfRole(tenant, role)));
  const isKnown = (one: (typeof found)[number]): one is Exclude<typeof one, Promise<unknown>> => !(one instanceof Promise);
  return found.every(isKnown) ? union(scopes, found) : Promise.all(found).then((found) => union(scopes, found));
}

/** All scopes that follow from what was granted, as they are believed, or read now. */
export async function grantedScopes(
  services: Pick<Services, "roles" | "members">,
  tenant: string,
  { scopes, roles, user, within }: Granted,
  how: "believed" | "fresh" = "believed",
): Promise<readonly string[]> {
  if (how === "fresh" && user !== undefined) services.members.forget(`${tenant}/${user}`);
  const assigned = user === undefined ? [] : await services.members.get(`${tenant}/${user}`);
  const names = [...new Set([...roles, ...assigned])].slice(0, MAX_ROLES);
  if (how === "fresh") for (const name of names) services.roles.forget(nameOfRole(tenant, name));
  const all = await withRoles(services, tenant, { scopes, roles: names });
  return within === undefined ? all : all.filter((scope) => allows(within, scope));
}

function union(scopes: readonly string[], ofRoles: readonly (readonly string[] | undefined)[]): readonly string[] {
  return [...new Set([...scopes, ...ofRoles.flatMap((some) => some ?? [])])];
}

/** What a role is remembered by. */
export function nameOfRole(tenant: string, role: string): string {
  return `${tenant}/${role}`;
}

/** Whether somebody may give roles away: 403 for the first scope of theirs that he lacks; the first role that nobody has defined by its name; undefined where he may. */
export async function cannotGive(
  services: Pick<Services, "roles">,
  { tenant, scopes }: Pick<Principal, "tenant" | "scopes">,
  roles: readonly string[],
): Promise<Response | { readonly undefinedRole: string } | undefined> {
  for (const role of roles) {
    const given = await services.roles.fresh(nameOfRole(tenant, role));
    if (given === undefined) return { undefinedRole: role };
    const missing = given.find((scope) => !allows(scopes, scope));
    if (missing !== undefined) return missingScope(missing);
  }
  return undefined;
}

/** 403 where a command would give a user a role that lets more than the one who sends it may; undefined for every other command. Who has no such role defined has nothing to give. */
export async function roleRefusal(
  services: Pick<Services, "roles">,
  principal: Principal,
  { category, command, data }: { readonly category: string; readonly command: string; readonly data: unknown },
): Promise<Response | undefined> {
  if (category !== "membership" || command !== "AssignRole") return undefined;
  const refusal = await cannotGive(services, principal, [(data as { readonly role: string }).role]);
  return refusal instanceof Response ? refusal : undefined;
}
