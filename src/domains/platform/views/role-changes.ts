import { z } from "zod";
import { defineProjection, type EventMetadata } from "../../../kernel/index.ts";
import { membershipEvents } from "../membership.ts";
import { parseMembershipId } from "../membership-id.ts";

const row = z.object({
  /** The event's own id. */
  changeId: z.string(),
  tenantId: z.string(),
  userId: z.string(),
  role: z.string(),
  change: z.enum(["assigned", "removed"]),
  /** Whoever did it. */
  by: z.string(),
  at: z.iso.datetime(),
});
type Change = Omit<z.output<typeof row>, "changeId">;
interface Told {
  readonly eventId: string;
  readonly id: string;
  readonly recorded: string;
  readonly metadata: EventMetadata;
  readonly data: { readonly role: string };
}

/** The view `role_changes`: who gave whom which role, and when? A row for each change, which never changes again. */
export const roleChanges = defineProjection({
  name: "role_changes",
  version: 1,
  events: [membershipEvents],
  key: "changeId",
  row,
  keyOf: { "platform.RoleAssigned": keyOf, "platform.RoleRemoved": keyOf },
  without: "nothing",
  on: {
    "platform.RoleAssigned": (_, event) => changeOf(event, "assigned"),
    "platform.RoleRemoved": (_, event) => changeOf(event, "removed"),
  },
});

function keyOf({ id, eventId }: Told): string | undefined {
  return parseMembershipId(id) && eventId;
}

function changeOf({ id, recorded, metadata, data }: Told, change: Change["change"]): Change | undefined {
  const of = parseMembershipId(id);
  return of && { ...of, role: data.role, change, by: metadata.actor, at: recorded };
}
