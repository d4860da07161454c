import { Secret, TOTP } from "otpauth";

/** Seconds that a code holds. */
const PERIOD = 30;
/** Codes of the period before and the one after hold as well: clocks differ, and people are slow. */
const WINDOW = 1;
/** What RFC 4226 recommends, and what a SHA-1 block takes. */
export const SECRET_BYTES = 20;

/** One-time passwords by time (RFC 6238): SHA-1, 6 digits, 30 s, since that is what every authenticator knows. */
function totp(secret: Secret, label = ""): TOTP {
  return new TOTP({ issuer: "Rivulet", label, secret, algorithm: "SHA1", digits: 6, period: PERIOD });
}

/** A secret as people type it, in base32, and as an authenticator scans it. */
export function enrolment(bytes: Uint8Array, label: string): { readonly secret: string; readonly uri: string } {
  const secret = new Secret({ buffer: bytes.slice().buffer });
  return { secret: secret.base32, uri: totp(secret, label).toString() };
}

/** The time step (periods since 1970) that a code is of; undefined where it is none of those that hold now. */
export function stepOf(code: string, secret: string, now: string): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const timestamp = Date.parse(now);
  const delta = totp(Secret.fromBase32(secret)).validate({ token: code, timestamp, window: WINDOW });
  return delta === null ? undefined : TOTP.counter({ period: PERIOD, timestamp }) + delta;
}
