import { fromBase64Url, toBase64Url } from "../kernel/index.ts";

/** What is derived from one master key alone. */
export interface MasterKey {
  /** Tells master keys apart after a rotation and says nothing of them: it is derived beside the keys. */
  readonly id: string;
  /** What a tenant's key is derived from, with the tenant's own bytes. */
  readonly material: CryptoKey;
  /** Of the form `v1`, the same for all tenants: it only opens. */
  readonly shared: CryptoKey;
}

/** Master keys as they are used, in their order. */
export async function masterKeys(given: readonly [string, ...string[]]): Promise<readonly [MasterKey, ...MasterKey[]]> {
  const [first, ...others] = given;
  return [await masterKey(first), ...(await Promise.all(others.map(masterKey)))];
}

/** What a tenant's secrets are sealed under. Its own bytes are HKDF's salt: who lacks them, or the master key, has nothing. */
export async function tenantKey({ material }: MasterKey, bytes: string): Promise<CryptoKey> {
  return aesKey(await derive(material, { salt: fromBase64Url(bytes), info: "rivulet seal v2", bits: 256 }));
}

async function masterKey(text: string): Promise<MasterKey> {
  const material = await crypto.subtle.importKey("raw", utf8(text), "HKDF", false, ["deriveBits"]);
  const salt = new Uint8Array();
  const shared = await aesKey(await derive(material, { salt, info: "rivulet seal v1", bits: 256 }));
  const id = toBase64Url(new Uint8Array(await derive(material, { salt, info: "rivulet key id v1", bits: 48 })));
  return { id, material, shared };
}

interface Derived {
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly info: string;
  readonly bits: number;
}

function derive(material: CryptoKey, { salt, info, bits }: Derived): Promise<ArrayBuffer> {
  return crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: utf8(info) }, material, bits);
}

function aesKey(bytes: ArrayBuffer): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
