import { categoryOf, commandTo, defineHandler, parseStreamName } from "../../../kernel/index.ts";
import { membership, membershipEvents } from "../membership.ts";
import { parseMembershipId } from "../membership-id.ts";
import { privilegedRole, tenantRoles } from "../tenant-roles.ts";

/** Follows who can do everything in a tenant, and tells when nobody can any more. */
export const roleManagement = defineHandler({
  name: "role-management",
  events: [membershipEvents],
  on: ["platform.RoleAssigned", "platform.RoleRemoved"],
  priority: "high",
  concurrency: 1,
  from: "beginning",
  handle({ type, id, stream, version, recorded, metadata, data }) {
    const of = parseMembershipId(id);
    const role = privilegedRole.safeParse(data.role);
    if (categoryOf(stream) !== membership.category || of === undefined || !role.success) return [];
    // What is an id within an id need not be one alone, such as `.`.
    if (parseStreamName(`${tenantRoles.category}-${of.tenantId}`) === undefined) return [];
    const held = type === "platform.RoleAssigned";
    return [commandTo(tenantRoles, of.tenantId, "NoteRole", { userId: of.userId, role: role.data, held, by: metadata.actor, version, at: recorded })];
  },
});
