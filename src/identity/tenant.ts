import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../kernel/index.ts";

/** The category that tenants live in: one small aggregate for each, in the log of the tenant `default`. */
export const TENANT_CATEGORY = "rivulet_tenant";

const created = z.object({ name: z.string() });
const because = z.object({ reason: z.string().optional() });

const tenantEvents = defineEvents("rivulet", { TenantCreated: created, TenantSuspended: because, TenantResumed: z.object({}) });

/** What is known of a tenant. One that nobody made works as well, for the admin key: it has no name. */
export interface TenantState {
  readonly name?: string;
  readonly isSuspended: boolean;
  /** Why, where somebody said. */
  readonly reason?: string;
}

/** A tenant as whoever runs the platform sees it: made, suspended, resumed. */
export const tenant = defineDecider({
  category: TENANT_CATEGORY,
  events: tenantEvents,
  commands: { Create: created, Suspend: because, Resume: z.object({}) },
  initialState: (): TenantState => ({ isSuspended: false }),
  evolve: {
    TenantCreated: (state, { data: { name } }) => ({ ...state, name }),
    TenantSuspended: ({ name }, { data: { reason } }) => ({ ...(name !== undefined && { name }), isSuspended: true, ...(reason !== undefined && { reason }) }),
    TenantResumed: ({ name }) => ({ ...(name !== undefined && { name }), isSuspended: false }),
  },
  decide: {
    Create: ({ data }, { name }) => (name === undefined ? tenantEvents.TenantCreated(data) : reject("tenant_exists")),
    Suspend({ data }, { name, isSuspended }) {
      if (name === undefined) return reject("no_such_tenant");
      return isSuspended ? [] : tenantEvents.TenantSuspended(data);
    },
    Resume(_, { name, isSuspended }) {
      if (name === undefined) return reject("no_such_tenant");
      return isSuspended ? tenantEvents.TenantResumed({}) : [];
    },
  },
});

/** The stream that a tenant lives in. */
export function tenantStream(id: string): string {
  return `${TENANT_CATEGORY}-${id}`;
}
