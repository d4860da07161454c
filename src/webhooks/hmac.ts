import { createHmac, timingSafeEqual } from "node:crypto";

export type HashName = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";

export const SIGNATURE_ENCODINGS = ["hex", "base64", "base64url"] as const;

/** What a delivery gives as signatures, of which one is to be right; a bare text is one in hexadecimal. */
export interface Signatures {
  readonly encoding: (typeof SIGNATURE_ENCODINGS)[number];
  readonly anyOf: readonly string[];
}

/** What is signed: its parts one after the other, texts as UTF-8. */
export type Message = Uint8Array | readonly (string | Uint8Array)[];

/**
 * Whether one of these signatures is the HMAC (RFC 2104) of the message under this secret (a text stands for its UTF-8). It is made
 * once, however many there are to compare, and compared in constant time. Hexadecimal in either case; base64url with or without padding.
 */
export async function verifyHmac(hash: HashName, secret: string | Uint8Array, signatures: string | Signatures, message: Message): Promise<boolean> {
  const { encoding, anyOf } = typeof signatures === "string" ? { encoding: "hex" as const, anyOf: [signatures] } : signatures;
  const hmac = createHmac(hash.replace("-", "").toLowerCase(), typeof secret === "string" ? new TextEncoder().encode(secret) : secret);
  for (const part of message instanceof Uint8Array ? [message] : message) hmac.update(part);
  const right = Buffer.from(hmac.digest(encoding));
  let isSigned = false;
  for (const signature of anyOf) {
    const given = Buffer.from(encoding === "hex" ? signature.toLowerCase() : encoding === "base64url" ? signature.replace(/=+$/, "") : signature);
    if (given.length === right.length && timingSafeEqual(given, right)) isSigned = true;
  }
  return isSigned;
}
