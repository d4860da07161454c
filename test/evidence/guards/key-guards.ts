import type { Guard } from "./guards.ts";

/** Those of the keys that secrets are sealed under. */
export const KEY_GUARDS: readonly Guard[] = [
  {
    name: "a deleted tenant's key",
    holds: "what was sealed for a deleted tenant opens nowhere any more",
    file: "src/erasing-composed.ts",
    code: 'within(MOST_TIME, "the key", tenantKeyFor(env, tenant).destroy())',
    without: "Promise.resolve(tenantKeyFor(env, tenant).id).then(() => {})",
    caughtBy: "test/engine/erasing.test.ts",
  },
  {
    name: "the tombstone of a key",
    holds: "a deleted tenant gets no new key",
    file: "durable-objects/tenant-key.ts",
    code: "kv.put(KEY, { destroyed: true } satisfies TenantKey)",
    without: "kv.delete(KEY)",
    caughtBy: "test/engine/tenant-key.test.ts",
  },
  {
    name: "a tenant's bytes in its key",
    holds: "MASTER_KEY alone opens nothing",
    file: "src/webhooks/key-derivation.ts",
    code: "salt: fromBase64Url(bytes)",
    without: "salt: fromBase64Url(bytes).subarray(0, 0)",
    caughtBy: "test/unit/seal.test.ts",
  },
  {
    name: "a key that is remembered for a while only",
    holds: "a destroyed key is in no isolate's memory after five minutes",
    file: "src/webhooks/tenant-keys.ts",
    code: "return this.#now() - since >= REMEMBERED;",
    without: "return this.#now() - since >= REMEMBERED * 1e9;",
    caughtBy: "test/unit/seal.test.ts",
  },
];
