import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents } from "../kernel/index.ts";

/** The category that roles live in: one small aggregate for each, in the log of the tenant that has it. */
export const ROLE_CATEGORY = "rivulet_role";

/** A role's name: also what `AssignRole` of a membership gives to a user. */
export const ROLE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Roles of one key or one token, at most. */
export const MAX_ROLES = 20;

const definition = z.object({ scopes: z.array(z.string()) });

const roleEvents = defineEvents("rivulet", { RoleDefined: definition, RoleUndefined: z.object({}) });

/** What a role lets; no scopes where nobody has defined it. */
export interface RoleState {
  readonly scopes?: readonly string[];
}

/** A named set of scopes: who has the role has them, as they are now. */
export const role = defineDecider({
  category: ROLE_CATEGORY,
  events: roleEvents,
  commands: { Define: definition, Undefine: z.object({}) },
  initialState: (): RoleState => ({}),
  evolve: {
    RoleDefined: (_, { data: { scopes } }) => ({ scopes }),
    RoleUndefined: () => ({}),
  },
  decide: {
    Define: ({ data }, { scopes }) => (scopes !== undefined && canonicalJson(scopes) === canonicalJson(data.scopes) ? [] : roleEvents.RoleDefined(data)),
    Undefine: (_, { scopes }) => (scopes === undefined ? [] : roleEvents.RoleUndefined({})),
  },
});

/** The stream that a role lives in. */
export function roleStream(name: string): string {
  return `${ROLE_CATEGORY}-${name}`;
}

/** The stream that says which roles a user has in a tenant (the platform domain's membership); undefined for what can be no user's id. */
export function membershipStream(tenant: string, user: string): string | undefined {
  const id = `${tenant}:${user}`;
  return /^[A-Za-z0-9._~:-]{1,200}$/.test(id) ? `membership-${id}` : undefined;
}
