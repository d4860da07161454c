import type { LoggedEvent } from "../kernel/index.ts";
import { ROLE_CATEGORY } from "./role.ts";
import { rowsView } from "./rows-view.ts";

/** A line of the list of roles. */
export interface RoleRow {
  readonly name: string;
  readonly scopes: readonly string[];
  /** RFC 3339 UTC with milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The roles that a tenant has defined. */
export const rolesView = rowsView<RoleRow>({ name: "roles", category: ROLE_CATEGORY, rowAfter });

function rowAfter(row: RoleRow | undefined, { type, data, recorded }: LoggedEvent, name: string): RoleRow | undefined {
  if (type === "rivulet.RoleUndefined") return undefined;
  if (type !== "rivulet.RoleDefined") return row;
  return { name, scopes: (JSON.parse(data) as { scopes: string[] }).scopes, createdAt: row?.createdAt ?? recorded, updatedAt: recorded };
}
