import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { membershipEvents } from "../membership.ts";
import { parseMembershipId } from "../membership-id.ts";
import { tenantEvents } from "../tenant.ts";

const row = z.object({
  usageId: z.string(),
  tenantId: z.string(),
  /** In UTC, by when the platform took the event. */
  day: z.iso.date(),
  commands: z.int(),
  events: z.int(),
  users: z.int(),
});
type Usage = z.output<typeof row>;
interface Counted {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly recorded: string;
}

/**
 * What each tenant did each day, counted over its own stream and those of its memberships. `commands` are those that changed something:
 * every command of this domain decides one event at most, so there is one for each event. `users` are the memberships that got the
 * first role they ever had on that day.
 */
export const usage = defineProjection({
  name: "usage",
  version: 1,
  events: [tenantEvents, membershipEvents],
  key: "usageId",
  row,
  keyOf: {
    "platform.TenantCreated": ofTenant,
    "platform.PlanChanged": ofTenant,
    "platform.TenantSuspended": ofTenant,
    "platform.TenantResumed": ofTenant,
    "platform.LocationAdded": ofTenant,
    "platform.FeatureFlagSet": ofTenant,
    "platform.RoleAssigned": ofMembership,
    "platform.RoleRemoved": ofMembership,
  },
  // Nothing of an event's data is in it.
  without: "everything",
  on: {
    "platform.TenantCreated": count,
    "platform.PlanChanged": count,
    "platform.TenantSuspended": count,
    "platform.TenantResumed": count,
    "platform.LocationAdded": count,
    "platform.FeatureFlagSet": count,
    "platform.RoleAssigned": count,
    "platform.RoleRemoved": count,
  },
});

function ofTenant({ id, recorded }: Counted): string {
  return `${id}:${dayOf(recorded)}`;
}

function ofMembership({ id, recorded }: Counted): string | undefined {
  const membership = parseMembershipId(id);
  return membership && `${membership.tenantId}:${dayOf(recorded)}`;
}

function count(row: Usage | undefined, { type, version, recorded }: Counted, key: string): Omit<Usage, "usageId"> {
  const day = dayOf(recorded);
  const before = row ?? { tenantId: key.slice(0, -day.length - 1), day, commands: 0, events: 0, users: 0 };
  // A membership's stream can only begin with its first role.
  const isNewUser = type === "platform.RoleAssigned" && version === 1;
  return { ...before, commands: before.commands + 1, events: before.events + 1, users: before.users + (isNewUser ? 1 : 0) };
}

function dayOf(recorded: string): string {
  return recorded.slice(0, 10);
}
