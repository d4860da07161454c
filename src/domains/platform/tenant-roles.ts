import { z } from "zod";
import { defineDecider, defineEvents, event, type NewFact } from "../../kernel/index.ts";

/** The roles with which one can take a tenant over, or lock everybody out of it. */
export const privilegedRole = z.enum(["owner", "admin"]);
type Role = z.output<typeof privilegedRole>;

const userId = z.string().min(1).max(200);
const at = z.iso.datetime();
const change = z.object({
  userId,
  role: privilegedRole,
  held: z.boolean(),
  /** Whoever did it. */
  by: z.string(),
  /** Of the membership's event: those of one user come in order, so what is no newer than the last is a repeat. */
  version: z.int().min(1),
  at,
});

/** Who can do everything in a tenant. */
export const tenantRolesEvents = defineEvents("platform", {
  PrivilegeGranted: event(change, { type: "platform.roles.PrivilegeGranted" }),
  PrivilegeRevoked: event(change, { type: "platform.roles.PrivilegeRevoked" }),
  /** Nobody is left who could assign an owner. */
  LastOwnerRemoved: z.object({ userId, by: z.string(), at }),
});

/** Who holds what, and how far each user's membership is followed. It grows with those who ever held one of these roles. */
export interface TenantRolesState {
  readonly holders: Readonly<Record<Role, readonly string[]>>;
  readonly versions: Readonly<Record<string, number>>;
}

/** The privileged roles of one tenant, over all its members; its id is the tenant's. */
export const tenantRoles = defineDecider({
  category: "tenant_roles",
  events: tenantRolesEvents,
  commands: { NoteRole: change },
  initialState: (): TenantRolesState => ({ holders: { owner: [], admin: [] }, versions: {} }),
  evolve: {
    PrivilegeGranted: (state, { data }) => noted(state, data, [...without(state, data), data.userId]),
    PrivilegeRevoked: (state, { data }) => noted(state, data, without(state, data)),
    LastOwnerRemoved: (state) => state,
  },
  decide: {
    NoteRole({ data }, state): readonly NewFact[] {
      if (data.version <= versionOf(state, data.userId)) return [];
      if (data.held) return [tenantRolesEvents.PrivilegeGranted(data)];
      const { userId, role, by, at } = data;
      const isLast = role === "owner" && state.holders.owner.length === 1 && state.holders.owner[0] === userId;
      return [tenantRolesEvents.PrivilegeRevoked(data), ...(isLast ? [tenantRolesEvents.LastOwnerRemoved({ userId, by, at })] : [])];
    },
  },
});

type Change = z.output<typeof change>;

function noted({ holders, versions }: TenantRolesState, { userId, role, version }: Change, held: readonly string[]): TenantRolesState {
  return { holders: { ...holders, [role]: held }, versions: { ...versions, [userId]: version } };
}

function without({ holders }: TenantRolesState, { role, userId }: Change): readonly string[] {
  return holders[role].filter((other) => other !== userId);
}

// A user may be called `constructor`: only what stands in the record itself counts.
function versionOf({ versions }: TenantRolesState, userId: string): number {
  return Object.hasOwn(versions, userId) ? (versions[userId] ?? 0) : 0;
}
