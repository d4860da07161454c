import type { LoggedEvent } from "../kernel/index.ts";
import { rowsView } from "./rows-view.ts";
import { TENANT_CATEGORY, type TenantLimits } from "./tenant.ts";

/** A line of the list of tenants. */
export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "suspended" | "deleting" | "deleted";
  readonly reason?: string;
  readonly limits?: TenantLimits;
  readonly readOnly?: boolean;
  /** RFC 3339 UTC with milliseconds. */
  readonly createdAt: string;
}

/** The tenants that were made; rows stand in the tenant `default` alone, for the aggregates do. */
export const tenantsView = rowsView<TenantRow>({ name: "tenants_made", category: TENANT_CATEGORY, rowAfter });

function rowAfter(row: TenantRow | undefined, { type, data, recorded }: LoggedEvent, id: string): TenantRow | undefined {
  if (type === "rivulet.TenantCreated") return { id, name: (JSON.parse(data) as { name: string }).name, status: "active", createdAt: recorded };
  if (row === undefined) return undefined;
  if (type === "rivulet.TenantBounded") {
    const { limits, isReadOnly } = JSON.parse(data) as { limits: TenantLimits; isReadOnly: boolean };
    return { ...row, limits, readOnly: isReadOnly };
  }
  const { reason: _, ...others } = row;
  if (type === "rivulet.TenantResumed") return { ...others, status: "active" };
  if (type === "rivulet.TenantErased") return { ...row, status: "deleted" };
  const status = type === "rivulet.TenantSuspended" ? "suspended" : type === "rivulet.TenantDeleted" ? "deleting" : undefined;
  if (status === undefined) return row;
  const { reason } = JSON.parse(data) as { reason?: string };
  return { ...others, status, ...(reason !== undefined && { reason }) };
}
