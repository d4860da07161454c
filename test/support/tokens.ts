import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** A key pair that an issuer signs with, its public half as it is published. */
export interface Pair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** Makes a pair for an algorithm; `kid` left out, the published key has none. */
export async function pairOf(alg: string, kid?: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), use: "sig", ...(kid !== undefined && { kid }) } };
}

/** A token as a well-behaved issuer makes it, for ten minutes from a time (milliseconds); `undefined` takes a claim away. */
export async function tokenOf(
  { privateKey }: Pick<Pair, "privateKey">,
  header: { alg: string; [name: string]: unknown },
  claims: JWTPayload,
  now = Date.now(),
): Promise<string> {
  const seconds = Math.floor(now / 1_000);
  return new SignJWT({ iat: seconds, exp: seconds + 600, ...claims }).setProtectedHeader(header).sign(privateKey);
}

/** A part of a token: JSON in base64url. */
export function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
