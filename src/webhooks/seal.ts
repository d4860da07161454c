import { fromBase64Url, type SealContext, toBase64Url } from "../kernel/index.ts";
import type { ReadTenantKey, TenantKeys } from "./tenant-keys.ts";

/**
 * Secrets at rest: AES-256-GCM under a key of their tenant's own, derived (HKDF-SHA-256) from `MASTER_KEY` and from random bytes of which
 * there is one copy. When a tenant is deleted they are destroyed, and with them whatever was sealed, wherever a copy of it is. Bound to a
 * context, so that a sealed text copied elsewhere does not open. The form is `v2.<master key id>.<nonce>.<ciphertext>`, base64url; `v1` was
 * sealed under a key of all tenants, and only opens.
 *
 * Where the tenant's bytes cannot be read now, sealing and opening reject with whatever reading them rejects with.
 */
export interface Sealer {
  /** Seals a text; sealing it twice gives two different texts. Rejects with `TenantKeyDestroyed` for a deleted tenant. */
  seal(text: string, context: SealContext): Promise<string>;
  /** Undefined where it was sealed under a key that is not known or was destroyed, or for another context, or was changed. */
  open(sealed: string, context: SealContext): Promise<string | undefined>;
  /** Whether it is of the form and under the master key that are sealed with now, not of one before. Says nothing of its context. */
  isCurrent(sealed: string): Promise<boolean>;
}

/** There is nothing to seal with for a tenant that is deleted. */
export class TenantKeyDestroyed extends Error {
  override readonly name = "TenantKeyDestroyed";
  readonly code = "tenant_deleted";
  readonly tenant: string;

  constructor(tenant: string) {
    super(`expected a tenant that is not deleted, got ${tenant}: its key is destroyed`);
    this.tenant = tenant;
  }
}

/** A sealer with these keys, which reads the tenants' bytes that are not remembered in this way. */
export function sealer(keys: TenantKeys, read: ReadTenantKey): Sealer {
  return {
    async seal(text, { tenant, place }) {
      const [{ id }] = await keys.masters();
      const key = (await keys.of(tenant, read))?.get(id);
      if (key === undefined) throw new TenantKeyDestroyed(tenant);
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8(place) }, key, utf8(text));
      return `v2.${id}.${toBase64Url(nonce)}.${toBase64Url(new Uint8Array(sealed))}`;
    },
    async open(sealed, { tenant, place }) {
      const [, form, id, nonce, ciphertext] = FORM.exec(sealed) ?? [];
      const master = (await keys.masters()).find((known) => known.id === id);
      if (master === undefined || nonce === undefined || ciphertext === undefined) return undefined;
      // A deleted tenant's text of the form before would open without its key: it does not here.
      const own = (await keys.of(tenant, read))?.get(master.id);
      if (own === undefined) return undefined;
      const key = form === "v1" ? master.shared : own;
      try {
        const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64Url(nonce), additionalData: utf8(place) }, key, fromBase64Url(ciphertext));
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
      } catch {
        return undefined;
      }
    },
    async isCurrent(sealed) {
      const [, form, id] = FORM.exec(sealed) ?? [];
      return form === "v2" && id === (await keys.masters())[0].id;
    },
  };
}

const FORM = /^(v1|v2)\.([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** The keys in a variable that may hold several, parted by spaces. */
export function keysIn(variable: string | undefined): readonly string[] {
  return (variable ?? "").split(/\s+/).filter((key) => key !== "");
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
