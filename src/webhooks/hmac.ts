/** Whether `digits` (hexadecimal) is the HMAC of the bytes under this secret (its UTF-8). Compared by WebCrypto, in constant time. */
export async function verifyHmac(hash: "SHA-256" | "SHA-1" | "SHA-512", secret: string, digits: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  if (!/^([0-9a-f]{2})+$/i.test(digits)) return false;
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash }, false, ["verify"]);
  const signature = Uint8Array.from(digits.match(/../g) as string[], (pair) => Number.parseInt(pair, 16));
  return crypto.subtle.verify("HMAC", key, signature, bytes);
}
