import { toBase64Url } from "../../src/kernel/index.ts";
import { type Sealer, sealer } from "../../src/webhooks/seal.ts";
import { type ReadTenantKey, TenantKeys } from "../../src/webhooks/tenant-keys.ts";

/** Tenants' bytes, as their objects keep them. */
export class Vault {
  /** Who was asked for, in order. */
  readonly asked: string[] = [];
  readonly #bytes = new Map<string, string | undefined>();
  /** Undefined while it answers. */
  fault: Error | undefined;

  readonly read: ReadTenantKey = async (tenant) => {
    this.asked.push(tenant);
    if (this.fault !== undefined) throw this.fault;
    if (!this.#bytes.has(tenant)) this.#bytes.set(tenant, toBase64Url(crypto.getRandomValues(new Uint8Array(32))));
    return this.#bytes.get(tenant);
  };

  destroy(tenant: string): void {
    this.#bytes.set(tenant, undefined);
  }
}

/** The one that tests share where they name none. */
const SHARED = new Vault();

/** A sealer as an isolate has it that remembers nothing yet. */
export function sealerOf(masterKey: string, { older = [], vault = SHARED, now = Date.now }: Partial<Isolate> = {}): Sealer {
  return sealer(new TenantKeys(masterKey, older, now), vault.read);
}

/** What an isolate has beside `MASTER_KEY`. */
export interface Isolate {
  readonly older: readonly string[];
  readonly vault: Vault;
  readonly now: () => number;
}
