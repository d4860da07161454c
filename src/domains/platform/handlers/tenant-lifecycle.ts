import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { tenant, tenantEvents } from "../tenant.ts";
import { tenantSettings } from "../tenant-settings.ts";

/** Gives a new tenant what its plan gives, changes it with the plan, and closes a tenant that is suspended. */
export const tenantLifecycle = defineHandler({
  name: "tenant-lifecycle",
  events: [tenantEvents],
  on: ["platform.TenantCreated", "platform.PlanChanged", "platform.TenantSuspended", "platform.TenantResumed"],
  priority: "critical",
  concurrency: 1,
  from: "beginning",
  handle({ type, id, stream, version, data }) {
    if (categoryOf(stream) !== tenant.category) return [];
    if (type === "platform.TenantSuspended") return [commandTo(tenantSettings, id, "CloseAccess", { reason: data.reason, version })];
    if (type === "platform.TenantResumed") return [commandTo(tenantSettings, id, "OpenAccess", { version })];
    if (type === "platform.TenantCreated" || type === "platform.PlanChanged") return [commandTo(tenantSettings, id, "ApplyPlan", { plan: data.plan, version })];
    return [];
  },
});
