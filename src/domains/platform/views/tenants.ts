import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { tenantEvents } from "../tenant.ts";

const row = z.object({
  tenantId: z.string(),
  name: z.string(),
  plan: z.string(),
  status: z.enum(["active", "suspended"]),
  locations: z.array(z.object({ locationId: z.string(), name: z.string() })),
  flags: z.record(z.string(), z.boolean()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
type Tenant = z.output<typeof row>;

/** Every tenant as it is now. */
export const tenants = defineProjection({
  name: "tenants",
  version: 1,
  events: [tenantEvents],
  key: "tenantId",
  row,
  on: {
    "platform.TenantCreated": (_, { data: { name, plan }, recorded }) => ({
      name,
      plan,
      status: "active" as const,
      locations: [],
      flags: {},
      createdAt: recorded,
      updatedAt: recorded,
    }),
    "platform.PlanChanged": (row, { data, recorded }) => changed(row, recorded, { plan: data.plan }),
    "platform.TenantSuspended": (row, { recorded }) => changed(row, recorded, { status: "suspended" }),
    "platform.TenantResumed": (row, { recorded }) => changed(row, recorded, { status: "active" }),
    "platform.LocationAdded": (row, { data, recorded }) => changed(row, recorded, { locations: [...(row?.locations ?? []), data] }),
    "platform.FeatureFlagSet": (row, { data, recorded }) => changed(row, recorded, { flags: { ...row?.flags, [data.flag]: data.enabled } }),
  },
});

function changed(row: Tenant | undefined, recorded: string, changes: Partial<Tenant>): Tenant | undefined {
  return row && { ...row, ...changes, updatedAt: recorded };
}
