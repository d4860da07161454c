import { tenantStream, type TenantState } from "../../src/identity/tenant.ts";
import { send, stateOf } from "./engine.ts";

/** Sends a command to a tenant's aggregate, as the API does. */
export async function tellTenant(id: string, name: string, data: object = {}): Promise<void> {
  await send("default", tenantStream(id), name, data);
}

/** What is known of a tenant. */
export function tenantNow(id: string): Promise<TenantState> {
  return stateOf<TenantState>("default", tenantStream(id));
}
