import { sha256, toBase64Url } from "../kernel/index.ts";

/** A key as a client sends it, taken apart: whose it is and which, so that it is found with one call, and what proves it. */
export interface KeyText {
  readonly tenant: string;
  readonly id: string;
  /** Of the secret; the secret itself is held nowhere. */
  readonly hash: string;
}

/** `rvk_<tenant>.<id>.<secret>`: a prefix that scanners for lost secrets can know, a UUIDv7, and 256 bits in base64url. */
const KEY_TEXT = /^rvk_([a-z][a-z0-9-]{1,62})\.([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

/** Takes a key apart; undefined for what can be none. */
export function readKeyText(text: string): KeyText | undefined {
  const [, tenant, id, secret] = KEY_TEXT.exec(text) ?? [];
  return tenant === undefined || id === undefined || secret === undefined ? undefined : { tenant, id, hash: sha256(secret) };
}

/** A new key's text, and the hash that is kept of it. */
export function newKeyText(tenant: string, id: string): { readonly text: string; readonly secret: string; readonly hash: string } {
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  return { text: `rvk_${tenant}.${id}.${secret}`, secret, hash: sha256(secret) };
}

/** What a request that is signed calls its key: `rvk_<tenant>.<id>`, a key's text without its secret. */
export function keyIdText(tenant: string, id: string): string {
  return `rvk_${tenant}.${id}`;
}

/** Takes that apart; undefined for what can be none. */
export function readKeyId(text: string): Pick<KeyText, "tenant" | "id"> | undefined {
  const [, tenant, id] = /^rvk_([a-z][a-z0-9-]{1,62})\.([0-9a-f-]{36})$/.exec(text) ?? [];
  return tenant === undefined || id === undefined || !isKeyId(id) ? undefined : { tenant, id };
}

/** Whether there can be a key with this id: no stream is looked for under what can be none. */
export function isKeyId(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id);
}
