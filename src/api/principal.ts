import type { Credential, Granted, TicketHolder } from "../../durable-objects/tickets.ts";
import { type CountedLimit, goodUntil, KEY_CATEGORY, type KeySettings, type KeyState, limitsOf, USE_NOTED } from "../identity/key.ts";
import { type KeyText, readKeyText } from "../identity/key-text.ts";
import type { TenantState } from "../identity/tenant.ts";
import { DEFAULT_TENANT, EVERYTHING, TENANT_PATTERN, uuid7 } from "../kernel/index.ts";
import { continueTrace, traceparentOf } from "../tracing/trace-context.ts";
import { traceparentNow } from "../tracing/traced.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";
import { isSigned, signedBy } from "./signed-principal.ts";
import { withRoles } from "./roles.ts";
import { boundsOf, deleted, outOfService } from "./tenant-standing.ts";
import { tokenPrincipal } from "./token-principal.ts";

/** Who asks, and on whose data. */
export interface Principal {
  readonly tenant: string;
  /** As it stands in events' metadata. */
  readonly actor: string;
  /** What it may do; see kernel/scope.ts. */
  readonly scopes: readonly string[];
  /** How often it may ask, by the keys that count it: its own and those that it was made with; left out, as often as it likes. */
  readonly limits?: readonly CountedLimit[];
  /** What its tenant may at most; nothing binds the admin key. */
  readonly bounds?: Pick<TenantState, "limits" | "isReadOnly">;
  /** What proves it, for connections that outlive the request; the admin key has none, for it is good as long as the deployment. */
  readonly credential?: Credential;
  /** What its scopes follow from, for connections that outlive the request, where some of them are those of roles. */
  readonly granted?: Granted;
  /** It signed the request: its body must be the one that was signed. */
  readonly isSigned?: true;
}

export type Asking = Pick<Services, "adminKey" | "keys" | "tenants" | "issuers" | "keySets" | "send" | "sealer" | "takeNonce" | "roles" | "members">;

/**
 * Finds out who asks; an answer where that fails. Without an `ADMIN_KEY` no key is good: it fails closed. Nothing is called for the admin
 * key in its own tenant, nor for a key or a tenant that this isolate has read in the last five seconds.
 */
export function authenticate(request: Request, services: Asking): Principal | Response | Promise<Principal | Response> {
  if (services.adminKey !== undefined && isSigned(request.headers)) return signer(request, services);
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (bearer === undefined) return unauthorized("A key is needed: send it as Authorization: Bearer <key>.");
  if (services.adminKey === undefined) return unknownKey();
  const given = readKeyText(bearer);
  if (given !== undefined) return keyHolder(services, given);
  if (isSame(bearer, services.adminKey)) return admin(request, services);
  return tokenPrincipal(services, bearer, Date.now()).then((found) => {
    if (found === undefined) return unknownKey();
    return "refused" in found ? unauthorized(found.refused, INVALID_TOKEN) : found;
  });
}

/** The one who may act for any tenant that is not deleted. */
function admin(request: Request, { tenants }: Asking): Principal | Response | Promise<Principal | Response> {
  const tenant = request.headers.get("tenant-id") ?? DEFAULT_TENANT;
  if (!TENANT_PATTERN.test(tenant)) return problem({ status: 400, code: "invalid_tenant", detail: `Tenant-Id "${tenant}" is no tenant's id.` });
  const holder = { tenant, actor: ADMIN, scopes: [EVERYTHING] };
  if (tenant === DEFAULT_TENANT) return holder;
  const state = tenants.get(tenant);
  const held = ({ deletion }: TenantState): Principal | Response => (deletion === undefined ? holder : deleted(tenant));
  return state instanceof Promise ? state.then(held) : held(state);
}

/** The actor that stands for `ADMIN_KEY`. */
export const ADMIN = "key:admin";

async function signer(request: Request, services: Asking): Promise<Principal | Response> {
  const by = await signedBy(request, services, Date.now());
  if (by instanceof Response) return by;
  const principal = await provenHolder(services, { ...by, isSigned: true }, await services.keys.get(nameOf(by)));
  return principal instanceof Response ? principal : { ...principal, isSigned: true };
}

function keyHolder(services: Asking, given: KeyText): Principal | Response | Promise<Principal | Response> {
  const key = services.keys.get(nameOf(given));
  return key instanceof Promise ? key.then((key) => provenHolder(services, given, key)) : provenHolder(services, given, key);
}

/** Whose key is good; only then its tenant is looked at, so that a forged one costs one call at most. */
function provenHolder(services: Asking, given: Given, state: KeyState): Principal | Response | Promise<Principal | Response> {
  const until = goodUntil(state, given.hash, Date.now());
  if (until === undefined || state.settings === undefined) return unknownKey();
  // What signs is never sent: a secret that was seen in a header is worth nothing.
  if ((state.settings.signing !== undefined) !== (given.isSigned === true)) return unknownKey();
  const proven = { settings: state.settings, usedAt: state.usedAt, until };
  const tenant = services.tenants.get(given.tenant);
  return tenant instanceof Promise ? tenant.then((tenant) => opened(services, given, proven, tenant)) : opened(services, given, proven, tenant);
}

type Given = KeyText & { readonly isSigned?: true };

interface Proven {
  readonly settings: KeySettings;
  readonly usedAt: string | undefined;
  readonly until: string | "forever";
}

function opened(
  services: Asking,
  given: KeyText,
  { settings, usedAt, until }: Proven,
  tenant: TenantState,
): Principal | Response | Promise<Principal | Response> {
  const now = Date.now();
  // Only who has a good key is told so.
  const refusal = outOfService(given.tenant, tenant);
  if (refusal) return refusal;
  const { name } = settings;
  const limits = limitsOf(given.id, settings);
  const credential = { key: given.id, hash: given.hash, ...(until !== "forever" && { until }) };
  const isDue = usedAt === undefined || now - Date.parse(usedAt) >= USE_NOTED;
  const known = (scopes: readonly string[]): Principal | Promise<Principal> => {
    const { roles = [] } = settings;
    const granted = roles.length > 0 && { granted: { scopes: settings.scopes, roles } };
    const principal = { tenant: given.tenant, actor: `key:${name}`, scopes, credential, ...granted, ...(limits.length > 0 && { limits }), ...boundsOf(tenant) };
    return isDue ? noteUse(services, given, principal, now).then(() => principal) : principal;
  };
  const scopes = withRoles(services, given.tenant, settings);
  return scopes instanceof Promise ? scopes.then(known) : known(scopes);
}

/** Once an hour. That it fails is no reason to turn anybody away. */
async function noteUse(services: Asking, { tenant, id }: KeyText, { actor }: Principal, now: number): Promise<void> {
  try {
    await services.send({
      tenant,
      category: KEY_CATEGORY,
      id,
      command: "NoteUse",
      data: { at: new Date(now).toISOString() },
      precondition: { kind: "none" },
      source: "/v1/keys",
      metadata: { correlationId: uuid7(now), traceparent: traceparentNow(traceparentOf(continueTrace(undefined))), priority: "normal", actor },
    });
    services.keys.forget(nameOf({ tenant, id }));
  } catch (fault) {
    console.warn("api: the use of a key was not noted", id, String(fault));
  }
}

/** What a key is remembered by. */
export function nameOf({ tenant, id }: Pick<KeyText, "tenant" | "id">): string {
  return `${tenant}/${id}`;
}

/** Who a `?ticket=` was made for; undefined where none is sent. A ticket is good once, for 60 seconds, and no longer than what it was made with; HEAD opens nothing, and does not use it up. */
export async function ticketHolder(request: Request, services: Asking & Pick<Services, "dispatcherFor">): Promise<Principal | Response | undefined> {
  const ticket = new URL(request.url).searchParams.get("ticket");
  if (ticket === null) return undefined;
  const [tenant = "", secret = ""] = ticket.split(".");
  const holder = TENANT_PATTERN.test(tenant) ? await holderOf(services.dispatcherFor(tenant), secret, request.method) : undefined;
  if (holder === undefined) return unauthorized("The ticket is not known: it was used, or is over 60 seconds old.");
  const { credential } = holder;
  if (credential !== undefined && (await stillGoodUntil(services, tenant, credential)) === undefined)
    return unauthorized("What the ticket was made with is good no more.");
  return { tenant, ...holder };
}

async function holderOf(dispatcher: ReturnType<Services["dispatcherFor"]>, ticket: string, method: string): Promise<TicketHolder | undefined> {
  return method === "HEAD" ? dispatcher.ticketHolder(ticket) : dispatcher.redeemTicket(ticket);
}

/** Until when (RFC 3339, or forever) what a principal was known by opens anything; undefined where it opens nothing now. Read anew. */
export async function stillGoodUntil(
  services: Pick<Services, "keys" | "tenants" | "issuers">,
  tenant: string,
  credential: Credential,
): Promise<string | "forever" | undefined> {
  const [until, { isSuspended }] = await Promise.all([provenUntil(services, tenant, credential), services.tenants.fresh(tenant)]);
  return isSuspended ? undefined : until;
}

async function provenUntil(services: Pick<Services, "keys" | "issuers">, tenant: string, credential: Credential): Promise<string | "forever" | undefined> {
  if ("key" in credential) return goodUntil(await services.keys.fresh(nameOf({ tenant, id: credential.key })), credential.hash, Date.now());
  const issuer = await services.issuers.fresh(credential.issuer);
  return issuer?.tenant === tenant && Date.parse(credential.until) > Date.now() ? credential.until : undefined;
}

/** Of `WWW-Authenticate` (RFC 6750). */
const INVALID_TOKEN = ', error="invalid_token"';

function unknownKey(): Response {
  return unauthorized("The key is not known.", INVALID_TOKEN);
}

function unauthorized(detail: string, parameter = ""): Response {
  return problem({ status: 401, code: "unauthorized", detail, headers: { "www-authenticate": `Bearer realm="rivulet"${parameter}` } });
}

/** Compares in a time that depends on what was given alone, so that neither length nor content of the good one shows in it. */
function isSame(given: string, good: string): boolean {
  let difference = given.length ^ good.length;
  for (let at = 0; at < given.length; at++) difference |= given.charCodeAt(at) ^ good.charCodeAt(at % good.length);
  return difference === 0;
}
