import type { JWTVerifyGetKey } from "jose";
import { characterCount, isLongerThan } from "../kernel/index.ts";

/** What tokens of an issuer with a secret may be signed with, and how many characters each wants: as many as its hash has bytes (RFC 7518, section 3.2). */
const LEAST = { HS256: 32, HS384: 48, HS512: 64 } as const;
export const SECRET_ALGORITHMS = ["HS256", "HS384", "HS512"] as const;
/** Characters of a secret, at most. */
export const LONGEST_SECRET = 1_024;

/** Why a secret cannot be taken for these algorithms, in a sentence that begins with "Expected"; undefined where it can. */
export function secretFault(secret: string, algorithms: readonly string[]): string | undefined {
  // Everybody has the public key: with it as the secret, everybody could make tokens.
  if (/^\s*(-----BEGIN|\{\s*")/.test(secret)) return "Expected a secret, got what looks like a key in PEM or JSON: public keys go into jwks";
  const least = Math.max(...algorithms.map((name) => LEAST[name as keyof typeof LEAST] ?? 0));
  const strongest = SECRET_ALGORITHMS.find((name) => LEAST[name] === least);
  if (characterCount(secret) < least) return `Expected at least ${least} characters for ${strongest}, got ${characterCount(secret)}`;
  return isLongerThan(secret, LONGEST_SECRET) ? `Expected at most ${LONGEST_SECRET} characters` : undefined;
}

/** The key of every token of an issuer with a secret: whatever key a token names, it is this one, and it is good for HMAC alone. */
export function secretKey(secret: string): JWTVerifyGetKey {
  const key = new TextEncoder().encode(secret);
  return async ({ alg }) => {
    if (!SECRET_ALGORITHMS.includes(alg as "HS256")) throw new TypeError("expected an algorithm of secrets: the algorithms of an issuer are pinned");
    return key;
  };
}
