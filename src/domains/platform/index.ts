import { defineModule } from "../../kernel/index.ts";
import { membership } from "./membership.ts";
import { tenant } from "./tenant.ts";
import { memberships } from "./views/memberships.ts";
import { tenants } from "./views/tenants.ts";
import { usage } from "./views/usage.ts";

export { membership, membershipEvents, type MembershipState } from "./membership.ts";
export { tenant, tenantEvents, type TenantState } from "./tenant.ts";
export { memberships } from "./views/memberships.ts";
export { tenants } from "./views/tenants.ts";
export { usage } from "./views/usage.ts";

/** Tenants: their plans, places, feature flags, the roles of their users, and what they use. */
export const platform = defineModule({ name: "platform", deciders: [tenant, membership], projections: [tenants, memberships, usage] });
