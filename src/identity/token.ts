import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import { allows, SCOPE_PATTERN } from "../kernel/index.ts";
import type { IssuerSettings } from "./issuer.ts";
import { MAX_ROLES, ROLE_PATTERN } from "./role.ts";

/** How far (seconds) the clocks of an issuer and of ours may be apart. */
export const CLOCK_SKEW = 30;
/** A token's characters, and the audiences and scopes of one, at most. */
export const MAX_TOKEN = 8_192;
const MAX_AUDIENCES = 5;
const MAX_SCOPES = 100;
/** Whom a token may speak for: people as they write themselves, with no control characters, as long as OpenID Connect lets a `sub` be. */
const ACTOR = /^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]{1,255}$/u;

/** Who says to have made a token, and for whom: nothing of it is proved. Undefined for what is no token. */
export function statedBy(token: string): { readonly issuer: string; readonly audiences: readonly string[] } | undefined {
  if (token.length > MAX_TOKEN || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  try {
    const { iss, aud } = decodeJwt(token);
    const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === "string").slice(0, MAX_AUDIENCES);
    return typeof iss === "string" && audiences.length > 0 ? { issuer: iss, audiences } : undefined;
  } catch {
    return undefined;
  }
}

/** What a token proves. */
export interface TokenHolder {
  readonly actor: string;
  readonly scopes: readonly string[];
  /** The roles that its claims name, and whom they name as the user. */
  readonly roles: readonly string[];
  readonly user: string;
  /** RFC 3339 UTC: the last moment at which it is taken, the skew of the clocks included. */
  readonly until: string;
}

/** What is wrong with a token that the issuer has signed: nobody else is told. */
export interface TokenRefused {
  /** A sentence for who sent it. */
  readonly refused: string;
}

/**
 * Checks a token of an issuer at a time: signature, algorithm, issuer, audience, times. Undefined where it is not proved to be the issuer's,
 * and where it is, but not good, why. Throws where the issuer's keys cannot be had.
 */
export async function provenBy(settings: IssuerSettings, keys: JWTVerifyGetKey, token: string, now: number): Promise<TokenHolder | TokenRefused | undefined> {
  const { issuer, audience, algorithms, claims, grants } = settings;
  const options = {
    issuer,
    audience,
    // Pinned: what the token says of itself chooses among these, and `none` or a secret's algorithm is never one of them.
    algorithms: [...algorithms],
    clockTolerance: CLOCK_SKEW,
    // One that never ends could not be taken back.
    requiredClaims: ["exp", "iss", "aud"],
    currentDate: new Date(now),
  };
  const found = await payloadOf(token, keys, options);
  if (found === undefined || "refused" in found) return found;
  const { payload } = found;
  const actor = claimOf(payload, claims.actor);
  if (typeof actor !== "string" || !ACTOR.test(actor))
    return { refused: `The token does not say whom it speaks for: expected its claim "${claims.actor}" to be a text of 1 to 255 characters.` };
  const until = new Date(((payload.exp as number) + CLOCK_SKEW) * 1_000);
  if (Number.isNaN(until.getTime())) return { refused: 'The token ends at no time: expected its claim "exp" to be seconds since 1970.' };
  const scopes = scopesIn(claimOf(payload, claims.scopes)).filter((scope) => allows(grants, scope));
  const roles = claims.roles === undefined ? [] : rolesIn(claimOf(payload, claims.roles));
  return { actor: `jwt:${actor}`, user: actor, scopes, roles, until: until.toISOString() };
}

type Found = { readonly payload: JWTPayload } | TokenRefused | undefined;

async function payloadOf(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<Found> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (fault) {
    const refused = whyRefused(fault);
    if (refused !== undefined) return { refused };
    if (fault instanceof errors.JWKSMultipleMatchingKeys) return payloadByAny(token, fault, options);
    // A key set that cannot be had says nothing of the token.
    if (fault instanceof errors.JOSEError && fault.code !== "ERR_JOSE_GENERIC" && fault.code !== "ERR_JWKS_TIMEOUT" && fault.code !== "ERR_JWKS_INVALID")
      return undefined;
    throw fault;
  }
}

/** A token that names no key may be of any that fits. */
async function payloadByAny(token: string, fitting: errors.JWKSMultipleMatchingKeys, options: JWTVerifyOptions): Promise<Found> {
  for await (const key of fitting) {
    try {
      return await jwtVerify(token, key, options);
    } catch (fault) {
      const refused = whyRefused(fault);
      if (refused !== undefined) return { refused };
    }
  }
  return undefined;
}

/** What is wrong with a token's claims, which jose looks at once the signature is proved; undefined for all that goes wrong before. */
function whyRefused(fault: unknown): string | undefined {
  if (fault instanceof errors.JWTExpired) return `The token was good until ${timeOf(fault.payload.exp)}.`;
  if (!(fault instanceof errors.JWTClaimValidationFailed)) return undefined;
  const { claim, reason, payload } = fault;
  if (claim === "nbf" && reason === "check_failed") return `The token counts from ${timeOf(payload.nbf)} on.`;
  return reason === "missing" ? `The token has no claim "${claim}".` : `The token's claim "${claim}" is not what its issuer is registered with.`;
}

function timeOf(seconds: number | undefined): string {
  const time = new Date((seconds ?? Number.NaN) * 1_000);
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString();
}

/** A claim by its name, which may have dots of its own, or by a path. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let at: unknown = payload;
  for (const part of name.split(".")) at = typeof at === "object" && at !== null && Object.hasOwn(at, part) ? (at as Record<string, unknown>)[part] : undefined;
  return at;
}

/** Scopes as a list, or as RFC 8693 has them, parted by spaces; what is none of ours is left out. */
function scopesIn(claim: unknown): readonly string[] {
  return textsIn(claim)
    .filter((scope) => SCOPE_PATTERN.test(scope))
    .slice(0, MAX_SCOPES);
}

function rolesIn(claim: unknown): readonly string[] {
  return textsIn(claim)
    .filter((role) => ROLE_PATTERN.test(role))
    .slice(0, MAX_ROLES);
}

function textsIn(claim: unknown): readonly string[] {
  const all = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return all.filter((one) => typeof one === "string");
}
