import { createPrivateKey, createPublicKey } from "node:crypto";
import { isBase64 } from "../../kernel/index.ts";

/** What a Standard Webhooks secret may be, in bytes. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
const NEW_BYTES = 32;

/** What stands before an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key to sign with, by how the signatures are called. */
export type SigningKey =
  | { readonly version: "v1"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly version: "v1a"; readonly pkcs8: Uint8Array<ArrayBuffer> };

/** A secret that nobody had before. */
export function newSecret(): string {
  return `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(NEW_BYTES))).toString("base64")}`;
}

/**
 * Why this text can be no secret to sign with; undefined where it can: `whsec_` for HMAC, or `whsk_` for Ed25519, of 32 bytes, or of
 * 64 where the public key stands behind the private one. Never repeats the text.
 */
export function secretFault(text: string): string | undefined {
  if (text.startsWith("whpk_")) return "Expected the private key, whsk_…: the public key, whpk_…, signs nothing";
  return signingKey(text) === undefined
    ? `Expected whsec_ and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64, or whsk_ and an Ed25519 key in base64`
    : undefined;
}

/** The key that a secret stands for; undefined where it is none. */
export function signingKey(secret: string): SigningKey | undefined {
  const [, prefix, base64 = ""] = /^(whsec|whsk)_(.*)$/.exec(secret) ?? [];
  if (prefix === undefined || !isBase64(base64)) return undefined;
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  if (prefix === "whsec") return bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES ? { version: "v1", bytes } : undefined;
  return bytes.length === 32 || (bytes.length === 64 && isPair(bytes)) ? { version: "v1a", pkcs8: pkcs8Of(bytes) } : undefined;
}

function pkcs8Of(key: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([PKCS8, key.subarray(0, 32)]));
}

/** Whether the second half is the public key of the first. */
function isPair(bytes: Uint8Array): boolean {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8Of(bytes)), format: "der", type: "pkcs8" });
  return createPublicKey(privateKey).export({ format: "jwk" }).x === Buffer.from(bytes.subarray(32)).toString("base64url");
}
