import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { membershipEvents } from "../membership.ts";
import { authEvents, jobsEvents, ordersEvents, usersEvents } from "../other-events.ts";
import { tenantEvents } from "../tenant.ts";

const row = z.object({
  /** In UTC, by when the platform took the event. */
  day: z.iso.date(),
  registrations: z.int(),
  deactivations: z.int(),
  accounts: z.int(),
  logins: z.int(),
  failedLogins: z.int(),
  orders: z.int(),
  tenants: z.int(),
  roleChanges: z.int(),
  subtitleJobs: z.int(),
  videoJobs: z.int(),
});
type Counters = Omit<z.output<typeof row>, "day">;

/** The view `platform_counters`: what happened on a day, over all domains? */
export const platformCounters = defineProjection({
  name: "platform_counters",
  version: 1,
  events: [usersEvents, authEvents, ordersEvents, tenantEvents, membershipEvents, jobsEvents],
  key: "day",
  row,
  keyOf: {
    "users.UserRegistered": dayOf,
    "users.UserDeactivated": dayOf,
    "auth.Registered": dayOf,
    "auth.LoginSucceeded": dayOf,
    "auth.LoginFailed": dayOf,
    "commerce.OrderPlaced": dayOf,
    "platform.TenantCreated": dayOf,
    "platform.RoleAssigned": dayOf,
    "platform.RoleRemoved": dayOf,
    "subtitle.download.requested": dayOf,
    "video.ProcessingRequested": dayOf,
  },
  // Of an event its type and time alone: a purge leaves both, and handlers are given no data.
  without: "everything",
  on: {
    "users.UserRegistered": (row) => counted(row, "registrations"),
    "users.UserDeactivated": (row) => counted(row, "deactivations"),
    "auth.Registered": (row) => counted(row, "accounts"),
    "auth.LoginSucceeded": (row) => counted(row, "logins"),
    "auth.LoginFailed": (row) => counted(row, "failedLogins"),
    "commerce.OrderPlaced": (row) => counted(row, "orders"),
    "platform.TenantCreated": (row) => counted(row, "tenants"),
    "platform.RoleAssigned": (row) => counted(row, "roleChanges"),
    "platform.RoleRemoved": (row) => counted(row, "roleChanges"),
    "subtitle.download.requested": (row) => counted(row, "subtitleJobs"),
    "video.ProcessingRequested": (row) => counted(row, "videoJobs"),
  },
});

const NOTHING: Counters = {
  registrations: 0,
  deactivations: 0,
  accounts: 0,
  logins: 0,
  failedLogins: 0,
  orders: 0,
  tenants: 0,
  roleChanges: 0,
  subtitleJobs: 0,
  videoJobs: 0,
};

function counted(row: Counters = NOTHING, column: keyof Counters): Counters {
  return { ...row, [column]: row[column] + 1 };
}

function dayOf({ recorded }: { readonly recorded: string }): string {
  return recorded.slice(0, 10);
}
