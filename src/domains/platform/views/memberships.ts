import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { membershipEvents } from "../membership.ts";
import { type MembershipId, parseMembershipId } from "../membership-id.ts";

/** Who has which roles in which tenant. A membership without roles is none. */
export const memberships = defineProjection({
  name: "memberships",
  version: 1,
  events: [membershipEvents],
  key: "membershipId",
  row: z.object({ membershipId: z.string(), tenantId: z.string(), userId: z.string(), roles: z.array(z.string()) }),
  keyOf: { "platform.RoleAssigned": keyOf, "platform.RoleRemoved": keyOf },
  without: "nothing",
  on: {
    "platform.RoleAssigned": (row, { data }, key) => ({ ...(parseMembershipId(key) as MembershipId), roles: [...(row?.roles ?? []), data.role] }),
    "platform.RoleRemoved": (row, { data }) => {
      const roles = row?.roles.filter((role) => role !== data.role) ?? [];
      return row && roles.length > 0 ? { ...row, roles } : undefined;
    },
  },
});

function keyOf({ id }: { readonly id: string }): string | undefined {
  return parseMembershipId(id) && id;
}
