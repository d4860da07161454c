import { DurableObject } from "cloudflare:workers";
import type { Hash } from "../src/kernel/index.ts";

/**
 * Which request an `Idempotency-Key` was used for, over all streams of a tenant. The answers themselves are kept where the work was
 * done; this only notices a key that comes again with another path, which no single stream could. A tenant's keys are spread over
 * 256 of these objects by their hash.
 */
export class KeyRegistryObject<Env = unknown> extends DurableObject<Env> {
  /** False where the key was used for another request. */
  isFree(key: string, fingerprint: Hash): boolean {
    return (this.ctx.storage.kv.get<Hash>(key) ?? fingerprint) === fingerprint;
  }

  /** Remembers what a key was used for; the first use counts. */
  keep(key: string, fingerprint: Hash): void {
    if (this.ctx.storage.kv.get(key) === undefined) this.ctx.storage.kv.put(key, fingerprint);
  }
}
