import { defineModule } from "../../kernel/index.ts";
import { platformAnalytics } from "./handlers/platform-analytics.ts";
import { roleManagement } from "./handlers/role-management.ts";
import { tenantLifecycle } from "./handlers/tenant-lifecycle.ts";
import { membership } from "./membership.ts";
import { tenantProvisioning } from "./sagas/tenant-provisioning.ts";
import { tenant } from "./tenant.ts";
import { tenantRoles } from "./tenant-roles.ts";
import { tenantSettings } from "./tenant-settings.ts";
import { userJourney } from "./user-journey.ts";
import { memberships } from "./views/memberships.ts";
import { platformCounters } from "./views/platform-counters.ts";
import { roleChanges } from "./views/role-changes.ts";
import { tenantOwners } from "./views/tenant-owners.ts";
import { tenantSettingsView } from "./views/tenant-settings.ts";
import { tenants } from "./views/tenants.ts";
import { usage } from "./views/usage.ts";
import { userJourneys } from "./views/user-journeys.ts";

export { platformAnalytics } from "./handlers/platform-analytics.ts";
export { roleManagement } from "./handlers/role-management.ts";
export { tenantLifecycle } from "./handlers/tenant-lifecycle.ts";
export { membership, membershipEvents, type MembershipState } from "./membership.ts";
export { tenantProvisioning } from "./sagas/tenant-provisioning.ts";
export { tenant, tenantEvents, type TenantState } from "./tenant.ts";
export { tenantRoles, tenantRolesEvents } from "./tenant-roles.ts";
export { settingsEvents, tenantSettings } from "./tenant-settings.ts";
export { journeyEvents, userJourney } from "./user-journey.ts";
export { memberships } from "./views/memberships.ts";
export { platformCounters } from "./views/platform-counters.ts";
export { roleChanges } from "./views/role-changes.ts";
export { tenantOwners } from "./views/tenant-owners.ts";
export { tenantSettingsView } from "./views/tenant-settings.ts";
export { tenants } from "./views/tenants.ts";
export { usage } from "./views/usage.ts";
export { userJourneys } from "./views/user-journeys.ts";

/** Tenants: their plans, places, feature flags, the roles of their users, and what they use; and what happens over all domains. */
export const platform = defineModule({
  name: "platform",
  deciders: [tenant, membership, tenantSettings, tenantRoles, userJourney],
  projections: [tenants, memberships, usage, tenantSettingsView, tenantOwners, roleChanges, userJourneys, platformCounters],
  handlers: [tenantLifecycle, roleManagement, platformAnalytics],
  sagas: [tenantProvisioning],
});
