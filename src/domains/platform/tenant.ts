import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../kernel/index.ts";

const name = z.string().min(1).max(200);
const plan = z.string().min(1).max(100);
const location = z.object({ locationId: z.string().min(1).max(200), name });
const flag = z.object({ flag: z.string().regex(/^[A-Za-z0-9._:-]{1,100}$/), enabled: z.boolean() });
const reason = z.string().min(1).max(1000);

const commands = {
  CreateTenant: z.object({ name, plan }),
  ChangePlan: z.object({ plan }),
  SuspendTenant: z.object({ reason }),
  ResumeTenant: z.object({}),
  AddLocation: location,
  SetFeatureFlag: flag,
};

export const tenantEvents = defineEvents("platform", {
  TenantCreated: z.object({ name, plan }),
  PlanChanged: z.object({ plan }),
  TenantSuspended: z.object({ reason }),
  TenantResumed: z.object({}),
  LocationAdded: location,
  FeatureFlagSet: flag,
});

/** A tenant as it decides. */
export interface TenantState {
  readonly status: "none" | "active" | "suspended";
  /** As it was created: a repeated CreateTenant is known by it, whatever has changed since. */
  readonly created?: { readonly name: string; readonly plan: string };
  readonly plan?: string;
  /** Why it is suspended; null while it is not. */
  readonly suspendedFor: string | null;
  readonly locations: readonly { readonly locationId: string; readonly name: string }[];
  readonly flags: Readonly<Record<string, boolean>>;
}

/** A customer of the platform: its plan, its places, and what is switched on for it. */
export const tenant = defineDecider({
  category: "tenant",
  events: tenantEvents,
  commands,
  initialState: (): TenantState => ({ status: "none", suspendedFor: null, locations: [], flags: {} }),
  evolve: {
    TenantCreated: (state, { data }) => ({ ...state, status: "active", created: data, plan: data.plan }),
    PlanChanged: (state, { data }) => ({ ...state, plan: data.plan }),
    TenantSuspended: (state, { data }) => ({ ...state, status: "suspended", suspendedFor: data.reason }),
    TenantResumed: (state) => ({ ...state, status: "active", suspendedFor: null }),
    LocationAdded: (state, { data }) => ({ ...state, locations: [...state.locations, data] }),
    FeatureFlagSet: (state, { data }) => ({ ...state, flags: { ...state.flags, [data.flag]: data.enabled } }),
  },
  decide: {
    CreateTenant({ data }, { created }) {
      if (!created) return tenantEvents.TenantCreated(data);
      return created.name === data.name && created.plan === data.plan
        ? []
        : reject("already_created", "There is a tenant of this id already, with another name or plan: choose another id, or change its plan by ChangePlan.");
    },
    ChangePlan({ data }, { status, plan }) {
      if (status === "none") return noSuchTenant();
      return data.plan === plan ? [] : tenantEvents.PlanChanged(data);
    },
    SuspendTenant({ data }, { status }) {
      if (status === "none") return noSuchTenant();
      return status === "suspended" ? [] : tenantEvents.TenantSuspended(data);
    },
    ResumeTenant(_, { status }) {
      if (status === "none") return noSuchTenant();
      return status === "suspended" ? tenantEvents.TenantResumed({}) : [];
    },
    AddLocation({ data }, { status, locations }) {
      if (status === "none") return noSuchTenant();
      const known = locations.find(({ locationId }) => locationId === data.locationId);
      if (!known) return tenantEvents.LocationAdded(data);
      return known.name === data.name ? [] : reject("location_exists", "There is a location of this id already, with another name: choose another id.");
    },
    SetFeatureFlag({ data }, { status, flags }) {
      if (status === "none") return noSuchTenant();
      return flags[data.flag] === data.enabled ? [] : tenantEvents.FeatureFlagSet(data);
    },
  },
});

const noSuchTenant = () => reject("no_such_tenant", "There is no such tenant: CreateTenant makes one.");
