import { DurableObject } from "cloudflare:workers";
import { DEFAULT_TENANT, toBase64Url } from "../src/kernel/index.ts";

/** What is known of a tenant's key: 32 random bytes (base64url), or that they are no more. */
export type TenantKey = { readonly bytes: string } | { readonly destroyed: true };

/** One row, so that bytes and tombstone are never there at once. */
const KEY = "key";

/**
 * The half of the key that a tenant's secrets are sealed under which the platform can forget; the other half is `MASTER_KEY`, without which
 * these bytes open nothing, so they lie here as they are. They are nowhere else: not in D1, whose backups outlive what is deleted, and not in
 * what any tenant's objects could be made anew from.
 */
export class TenantKeyObject<Env = unknown> extends DurableObject<Env> {
  /** The key, made when it is asked for first; whoever asks at the same time gets the same. Of a deleted tenant there is none, ever. */
  key(): TenantKey {
    const { kv } = this.ctx.storage;
    const known = kv.get<TenantKey>(KEY);
    if (known !== undefined) return known;
    // No await between the look and the write, and nobody hears of it before it is on disk.
    const made = { bytes: toBase64Url(crypto.getRandomValues(new Uint8Array(32))) };
    kv.put(KEY, made satisfies TenantKey);
    return made;
  }

  /** The tenant is deleted: whatever was sealed under its key is lost for good. What remains says so, for the id is never given again. */
  destroy(): void {
    // What sealed the platform's own secrets cannot be asked away by a slip.
    if (this.ctx.id.name === DEFAULT_TENANT) throw new RangeError(`expected a tenant that can be deleted, got ${DEFAULT_TENANT}`);
    this.ctx.storage.kv.put(KEY, { destroyed: true } satisfies TenantKey);
  }
}
