import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { tenantEvents } from "../tenant.ts";
import { settingsEvents } from "../tenant-settings.ts";

const flags = z.record(z.string(), z.boolean());
const row = z.object({
  tenantId: z.string(),
  /** Null until its plan was applied. */
  plan: z.string().nullable(),
  access: z.enum(["open", "closed"]),
  /** Why it is closed. */
  closedFor: z.string().nullable(),
  maxUsers: z.int().nullable(),
  maxLocations: z.int().nullable(),
  /** What the plan gives, what the tenant has set itself, and what holds. */
  planFlags: flags,
  ownFlags: flags,
  flags,
  /** Where it is until it says where. */
  defaultLocation: z.object({ locationId: z.string(), name: z.string() }).nullable(),
});
type Settings = Omit<z.output<typeof row>, "tenantId">;
type Given = Omit<Settings, "flags">;

/** The view `tenant_settings`: what holds for a tenant, by its plan and by what it has set itself? Two streams make a row, in any order. */
export const tenantSettingsView = defineProjection({
  name: "tenant_settings",
  version: 1,
  events: [settingsEvents, tenantEvents],
  key: "tenantId",
  row,
  on: {
    "platform.DefaultsApplied": (row, { data: { plan, flags, limits, location } }) =>
      changed(row, { plan, planFlags: flags, maxUsers: limits.users, maxLocations: limits.locations, defaultLocation: location }),
    "platform.settings.AccessClosed": (row, { data }) => changed(row, { access: "closed", closedFor: data.reason }),
    "platform.settings.AccessOpened": (row) => changed(row, { access: "open", closedFor: null }),
    "platform.FeatureFlagSet": (row, { data }) => changed(row, { ownFlags: { ...row?.ownFlags, [data.flag]: data.enabled } }),
  },
});

const NOTHING: Given = {
  plan: null,
  access: "open",
  closedFor: null,
  maxUsers: null,
  maxLocations: null,
  planFlags: {},
  ownFlags: {},
  defaultLocation: null,
};

function changed(row: Given = NOTHING, change: Partial<Given>): Settings {
  const next = { ...row, ...change };
  return { ...next, flags: { ...next.planFlags, ...next.ownFlags } };
}
