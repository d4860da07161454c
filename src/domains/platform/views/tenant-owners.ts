import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { tenantRolesEvents } from "../tenant-roles.ts";

const row = z.object({
  tenantId: z.string(),
  owners: z.array(z.string()),
  admins: z.array(z.string()),
  /** False for a tenant that has lost its last one. */
  hasOwner: z.boolean(),
  /** When its last owner was removed, the last time that this happened. */
  lastOwnerRemovedAt: z.iso.datetime().nullable(),
});
type Owners = Omit<z.output<typeof row>, "tenantId">;
interface Change {
  readonly userId: string;
  readonly role: "owner" | "admin";
}

/** The view `tenant_owners`: who can do everything in a tenant, and which tenant has nobody? */
export const tenantOwners = defineProjection({
  name: "tenant_owners",
  version: 1,
  events: [tenantRolesEvents],
  key: "tenantId",
  row,
  on: {
    "platform.roles.PrivilegeGranted": (row, { data }) => changed(row, data, true),
    "platform.roles.PrivilegeRevoked": (row, { data }) => changed(row, data, false),
    "platform.LastOwnerRemoved": (row: Owners = NOTHING, { data }) => ({ ...row, lastOwnerRemovedAt: data.at }),
  },
});

const NOTHING: Owners = { owners: [], admins: [], hasOwner: false, lastOwnerRemovedAt: null };

function changed(row: Owners = NOTHING, { userId, role }: Change, isHeld: boolean): Owners {
  const column = role === "owner" ? "owners" : "admins";
  const others = row[column].filter((other) => other !== userId);
  const next = { ...row, [column]: isHeld ? [...others, userId] : others };
  return { ...next, hasOwner: next.owners.length > 0 };
}
