import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../kernel/index.ts";
import { parseMembershipId } from "./membership-id.ts";

const role = z.object({ role: z.string().min(1).max(100) });

const commands = { AssignRole: role, RemoveRole: role };

export const membershipEvents = defineEvents("platform", { RoleAssigned: role, RoleRemoved: role });

/** The roles of a user in a tenant, in the order in which they were assigned. */
export interface MembershipState {
  readonly roles: readonly string[];
}

/** What a user may do in a tenant. It is of its own, and does not ask whether there are such a tenant and such a user. */
export const membership = defineDecider({
  category: "membership",
  events: membershipEvents,
  commands,
  initialState: (): MembershipState => ({ roles: [] }),
  evolve: {
    RoleAssigned: ({ roles }, { data }) => ({ roles: [...roles, data.role] }),
    RoleRemoved: ({ roles }, { data }) => ({ roles: roles.filter((role) => role !== data.role) }),
  },
  decide: {
    AssignRole({ data }, { roles }, { id }) {
      if (!parseMembershipId(id)) return reject("no_membership_id", `Expected an id of the form <tenant>:<user>, got ${id}.`);
      return roles.includes(data.role) ? [] : membershipEvents.RoleAssigned(data);
    },
    RemoveRole({ data }, { roles }) {
      return roles.includes(data.role) ? membershipEvents.RoleRemoved(data) : reject("no_such_role", `Expected one of the roles ${JSON.stringify(roles)}.`);
    },
  },
});
