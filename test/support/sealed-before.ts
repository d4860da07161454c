import { Buffer } from "node:buffer";

/** A text as the version before sealed it, in the form `v1`, which is the same for all tenants. */
export async function sealedBefore(masterKey: string, text: string, place: string): Promise<string> {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const material = await crypto.subtle.importKey("raw", utf8(masterKey), "HKDF", false, ["deriveBits"]);
  const derive = (info: string, bits: number) =>
    crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) }, material, bits);
  const key = await crypto.subtle.importKey("raw", await derive("rivulet seal v1", 256), "AES-GCM", false, ["encrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8(place) }, key, utf8(text));
  const parts = [await derive("rivulet key id v1", 48), nonce, sealed] as const;
  return ["v1", ...parts.map((part) => Buffer.from(part as ArrayBuffer).toString("base64url"))].join(".");
}
