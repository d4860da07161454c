import { tenantStream, type TenantState } from "../../src/identity/tenant.ts";
import { draft, stub } from "./engine.ts";

/** Sends a command to a tenant's aggregate, as the API does. */
export async function tellTenant(id: string, name: string, data: object = {}): Promise<void> {
  const { metadata } = draft("a.b", 1);
  const result = await stub("default", tenantStream(id)).execute({ command: { name, data }, precondition: { kind: "none" }, source: "/test", metadata });
  if (!result.ok) throw new Error(`expected ${name} to be decided, got ${result.detail}`);
}

/** What is known of a tenant. */
export async function tenantNow(id: string): Promise<TenantState> {
  return JSON.parse((await stub("default", tenantStream(id)).state()).state) as TenantState;
}
