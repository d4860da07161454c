import { z } from "zod";
import { defineDecider, defineEvents, event } from "../../kernel/index.ts";

/** Of the tenant's event: they come in its order, so what is no newer than the last is a repeat. */
const version = z.int().min(1);
const plan = z.string().min(1).max(100);
const reason = z.string().min(1).max(1000);
const flags = z.record(z.string(), z.boolean());
const limits = z.object({ users: z.int(), locations: z.int() });
const location = z.object({ locationId: z.string(), name: z.string() });

/** What a plan gives. Flags that a tenant has set itself win over these. */
interface Defaults {
  readonly flags: Readonly<Record<string, boolean>>;
  readonly limits: z.output<typeof limits>;
}

const STANDARD: Defaults = { flags: { webhooks: true, analytics: true, "single-sign-on": false }, limits: { users: 25, locations: 5 } };
/** A plan of another name gets what the standard one gives. */
const PLANS: ReadonlyMap<string, Defaults> = new Map([
  ["free", { flags: { webhooks: false, analytics: false, "single-sign-on": false }, limits: { users: 3, locations: 1 } }],
  ["standard", STANDARD],
  ["enterprise", { flags: { webhooks: true, analytics: true, "single-sign-on": true }, limits: { users: 10_000, locations: 1_000 } }],
]);
/** Where a tenant is until it says where. */
const FIRST_LOCATION = { locationId: "main", name: "Main" };

/** What holds for a tenant by its plan, and whether it may be used at all. */
export const settingsEvents = defineEvents("platform", {
  DefaultsApplied: z.object({ plan, flags, limits, location, version }),
  AccessClosed: event(z.object({ reason, version }), { type: "platform.settings.AccessClosed" }),
  AccessOpened: event(z.object({ version }), { type: "platform.settings.AccessOpened" }),
  MarkedReady: event(z.object({}), { type: "platform.settings.MarkedReady" }),
  MarkedUnready: event(z.object({}), { type: "platform.settings.MarkedUnready" }),
});

/** How far the tenant's stream is followed, and what holds. */
export interface SettingsState {
  readonly version: number;
  readonly plan?: string;
  readonly access: "open" | "closed";
  /** Its provisioning is through. */
  readonly isReady: boolean;
}

/** A tenant's settings, whose id is the tenant's: what follows from its plan and its state, beside what it sets itself. */
export const tenantSettings = defineDecider({
  category: "tenant_settings",
  events: settingsEvents,
  commands: {
    ApplyPlan: z.object({ plan, version }),
    CloseAccess: z.object({ reason, version }),
    OpenAccess: z.object({ version }),
    MarkReady: z.object({}),
    MarkUnready: z.object({}),
  },
  initialState: (): SettingsState => ({ version: 0, access: "open", isReady: false }),
  evolve: {
    DefaultsApplied: (state, { data: { plan, version } }) => ({ ...state, plan, version }),
    AccessClosed: (state, { data: { version } }) => ({ ...state, access: "closed", version }),
    AccessOpened: (state, { data: { version } }) => ({ ...state, access: "open", version }),
    MarkedReady: (state) => ({ ...state, isReady: true }),
    MarkedUnready: (state) => ({ ...state, isReady: false }),
  },
  decide: {
    ApplyPlan({ data: { plan, version } }, state) {
      if (version <= state.version || plan === state.plan) return [];
      return settingsEvents.DefaultsApplied({ plan, ...(PLANS.get(plan) ?? STANDARD), location: FIRST_LOCATION, version });
    },
    CloseAccess: ({ data }, { version, access }) => (data.version <= version || access === "closed" ? [] : settingsEvents.AccessClosed(data)),
    OpenAccess: ({ data }, { version, access }) => (data.version <= version || access === "open" ? [] : settingsEvents.AccessOpened(data)),
    MarkReady: (_, { isReady }) => (isReady ? [] : settingsEvents.MarkedReady({})),
    MarkUnready: (_, { isReady }) => (isReady ? settingsEvents.MarkedUnready({}) : []),
  },
});
