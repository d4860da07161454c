import { z } from "zod";
import type { CountedLimit } from "./key.ts";
import { canonicalJson, defineDecider, defineEvents, reject } from "../kernel/index.ts";

/** The category that tenants live in: one small aggregate for each, in the log of the tenant `default`. */
export const TENANT_CATEGORY = "rivulet_tenant";

const created = z.object({ name: z.string() });
const because = z.object({ reason: z.string().optional() });
const limits = z.object({
  requests: z.object({ limit: z.int(), periodSeconds: z.int() }).optional(),
  eventsPerDay: z.int().optional(),
  storageBytes: z.int().optional(),
  subscriptions: z.int().optional(),
});
const bounds = z.object({ limits, isReadOnly: z.boolean() });
const erased = z.object({ streams: z.int(), events: z.int() });

/** What a tenant may at most; what is left out has no limit. */
export type TenantLimits = Readonly<z.output<typeof limits>>;

const tenantEvents = defineEvents("rivulet", {
  TenantCreated: created,
  /** `at`: RFC 3339. */
  TenantSuspended: because.extend({ at: z.string().optional() }),
  TenantResumed: z.object({}),
  TenantBounded: bounds,
  TenantDeleted: because,
  /** Nothing of it is left but its name. */
  TenantErased: erased,
});

/** What counts the requests of a whole tenant. It is counted anew where the limit is another one. */
export function tenantBucket({ limit, periodSeconds }: NonNullable<TenantLimits["requests"]>, kind: "tenant" | "critical"): CountedLimit {
  const times = kind === "critical" ? CRITICAL_TIMES : 1;
  return { key: `${kind}-${limit}-${periodSeconds}`, requests: { limit: limit * times, periodSeconds } };
}

/** Room that critical events have of their own, beside what all requests have: so many times that. */
const CRITICAL_TIMES = 10;

/** What is known of a tenant. One that nobody made works as well, for the admin key: it has no name. */
export interface TenantState {
  readonly name?: string;
  /** Also from when it is deleted on: then it stays so. */
  readonly isSuspended: boolean;
  /** Why, where somebody said. */
  readonly reason?: string;
  /** Since when it is suspended (RFC 3339). */
  readonly since?: string;
  readonly limits?: TenantLimits;
  /** Nothing of it is written, by anybody but the admin key. */
  readonly isReadOnly?: boolean;
  readonly deletion?: "deleting" | "deleted";
  /** What was there, once it is deleted. */
  readonly erased?: Readonly<z.output<typeof erased>>;
}

/** A tenant as whoever runs the platform sees it: made, bounded, suspended, resumed, deleted. Its id is never given again. */
export const tenant = defineDecider({
  category: TENANT_CATEGORY,
  events: tenantEvents,
  commands: { Create: created, Suspend: because, Resume: z.object({}), Bound: bounds, Delete: because, NoteErased: erased },
  initialState: (): TenantState => ({ isSuspended: false }),
  evolve: {
    TenantCreated: (state, { data: { name } }) => ({ ...state, name }),
    TenantSuspended: (state, { data: { reason, at } }) => ({ ...standing(state), isSuspended: true, ...given(reason), ...(at !== undefined && { since: at }) }),
    TenantResumed: (state) => standing(state),
    TenantBounded: (state, { data: { limits, isReadOnly } }) => ({ ...state, limits, isReadOnly }),
    TenantDeleted: (state, { data: { reason } }) => ({ ...state, isSuspended: true, ...given(reason), deletion: "deleting" }),
    TenantErased: (state, { data }) => ({ ...state, deletion: "deleted", erased: data }),
  },
  decide: {
    Create: ({ data }, { name }) =>
      name === undefined ? tenantEvents.TenantCreated(data) : reject("tenant_exists", "There is, or was, a tenant of this id: choose another one."),
    Suspend: ({ data }, state, { now }) => refusalOf(state) ?? (state.isSuspended ? [] : tenantEvents.TenantSuspended({ ...data, at: now })),
    Resume: (_, state) => refusalOf(state) ?? (state.isSuspended ? tenantEvents.TenantResumed({}) : []),
    Bound({ data }, state) {
      const known = { limits: state.limits ?? {}, isReadOnly: state.isReadOnly ?? false };
      return refusalOf(state) ?? (canonicalJson(known) === canonicalJson(data) ? [] : tenantEvents.TenantBounded(data));
    },
    Delete({ data }, { name, isSuspended, deletion }) {
      if (name === undefined) return noSuchTenant();
      if (deletion !== undefined) return [];
      return isSuspended ? tenantEvents.TenantDeleted(data) : reject("tenant_not_suspended", NOT_SUSPENDED);
    },
    NoteErased: ({ data }, { deletion }) => (deletion === "deleting" ? tenantEvents.TenantErased(data) : []),
  },
});

const NOT_SUSPENDED = "Only a suspended tenant is deleted: suspend it, take out what is to be kept while nothing of it moves, then delete it.";

const noSuchTenant = () => reject("no_such_tenant", "There is no tenant of this id: POST /v1/tenants makes one.");

function refusalOf({ name, deletion }: TenantState) {
  if (name === undefined) return noSuchTenant();
  return deletion === undefined ? undefined : reject("tenant_deleted", "It is deleted, and its id is never given again.");
}

/** What stays when it is suspended or resumed. */
function standing({ name, limits, isReadOnly }: TenantState): TenantState {
  return {
    ...(name !== undefined && { name }),
    ...(limits !== undefined && { limits }),
    ...(isReadOnly !== undefined && { isReadOnly }),
    isSuspended: false,
  };
}

function given(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

/** The stream that a tenant lives in. */
export function tenantStream(id: string): string {
  return `${TENANT_CATEGORY}-${id}`;
}
