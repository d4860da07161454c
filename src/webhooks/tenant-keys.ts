import type { SealContext } from "../kernel/index.ts";
import { type MasterKey, masterKeys, tenantKey } from "./key-derivation.ts";

/** Reads a tenant's 32 bytes (base64url); undefined where they were destroyed. Rejects where it cannot be found out now. */
export type ReadTenantKey = (tenant: SealContext["tenant"]) => Promise<string | undefined>;

/** How long (milliseconds) an isolate remembers a tenant's keys: a destroyed one is in nobody's memory after that. */
export const REMEMBERED = 300_000;

/** Tenants that are remembered; beyond that the one that was asked for longest ago goes. */
const MOST = 1_000;

/** A tenant's keys by the id of the master key that each was derived from. */
export type KeysOfTenant = ReadonlyMap<string, CryptoKey>;

interface Remembered {
  /** When it was asked for: it may have been destroyed since. */
  readonly since: number;
  readonly keys: KeysOfTenant;
}

/**
 * The keys that an isolate seals and opens with. Only what was read is remembered, never a reading that is under way: it belongs to the
 * request that began it, and may die with it.
 */
export class TenantKeys {
  readonly #given: readonly [masterKey: string, ...older: string[]];
  readonly #now: () => number;
  readonly #remembered = new Map<string, Remembered>();
  #masters: readonly [MasterKey, ...MasterKey[]] | undefined;

  /** The keys of before only open. */
  constructor(masterKey: string, older: readonly string[], now: () => number) {
    this.#given = [masterKey, ...older];
    this.#now = now;
  }

  /** The master keys, the present one first. */
  async masters(): Promise<readonly [MasterKey, ...MasterKey[]]> {
    return (this.#masters ??= await masterKeys(this.#given));
  }

  /** A tenant's keys; undefined where they were destroyed. */
  async of(tenant: string, read: ReadTenantKey): Promise<KeysOfTenant | undefined> {
    const known = this.#remembered.get(tenant);
    if (known === undefined || this.#isOver(known)) return this.#asked(tenant, read);
    this.#remember(tenant, known);
    return known.keys;
  }

  async #asked(tenant: string, read: ReadTenantKey): Promise<KeysOfTenant | undefined> {
    for (const [name, one] of this.#remembered) if (this.#isOver(one)) this.#remembered.delete(name);
    const since = this.#now();
    const bytes = await read(tenant);
    if (bytes === undefined) return undefined;
    const masters = await this.masters();
    const keys = new Map(await Promise.all(masters.map(async (master) => [master.id, await tenantKey(master, bytes)] as const)));
    this.#remember(tenant, { since, keys });
    return keys;
  }

  #isOver({ since }: Remembered): boolean {
    return this.#now() - since >= REMEMBERED;
  }

  #remember(tenant: string, remembered: Remembered): void {
    this.#remembered.delete(tenant);
    this.#remembered.set(tenant, remembered);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MOST) break;
      this.#remembered.delete(oldest);
    }
  }
}
