import { type ObjectNamespaces, tenantKeyFor } from "../durable-objects/object-for.ts";
import type { TenantKey } from "../durable-objects/tenant-key.ts";
import { within } from "./deadline.ts";
import type { Env } from "./env.ts";
import { keysIn, type Sealer, sealer } from "./webhooks/seal.ts";
import { type ReadTenantKey, TenantKeys } from "./webhooks/tenant-keys.ts";

/** What the object of a tenant's key may take to answer (milliseconds). */
const MOST_TIME = 10_000;

/** The sealer of an environment, undefined where that has no `MASTER_KEY`. What it remembers is this isolate's, whatever object asks. */
export function sealers(now: () => number): (env: Env) => Sealer | undefined {
  const known = new Map<string, TenantKeys>();
  return (env) => {
    const { MASTER_KEY, MASTER_KEY_OLD } = env;
    if (!MASTER_KEY) return undefined;
    const name = JSON.stringify([MASTER_KEY, MASTER_KEY_OLD]);
    const keys = known.get(name) ?? new TenantKeys(MASTER_KEY, keysIn(MASTER_KEY_OLD), now);
    known.set(name, keys);
    return sealer(keys, tenantKeyReader(env));
  };
}

/** Asks the tenant's own object. That it does not answer says nothing of what was sealed: whoever asked is to come again. */
export function tenantKeyReader(env: Pick<ObjectNamespaces, "TENANT_KEY">): ReadTenantKey {
  return async (tenant) => {
    try {
      const ask = async (): Promise<TenantKey> => tenantKeyFor(env, tenant).key();
      const found = await within(MOST_TIME, "the tenant's key", ask());
      return "bytes" in found ? found.bytes : undefined;
    } catch (fault) {
      throw Object.assign(new Error(`the key of the tenant ${tenant} could not be read: ${String(fault)}`, { cause: fault }), { retryable: true });
    }
  };
}
