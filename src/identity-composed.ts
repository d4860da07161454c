import type { Appended, Refusal } from "../durable-objects/aggregate/contract.ts";
import type { DenialPorts } from "../durable-objects/denials.ts";
import { denialsFor, objectFor, rateLimitFor, type ObjectNamespaces } from "../durable-objects/object-for.ts";
import type { Services } from "./api/services.ts";
import { within } from "./deadline.ts";
import { Believed } from "./identity/believed.ts";
import { fullQuota } from "./identity/full-quota.ts";
import { type ClaimState, claimStream, issuerContext, type IssuerState, issuerStream } from "./identity/issuer.ts";
import { KeySets } from "./identity/jwks.ts";
import { ORIGINS_STREAM, type OriginsState } from "./identity/origins.ts";
import { keyStream, type KeyState } from "./identity/key.ts";
import { membershipStream, ROLE_PATTERN, type RoleState, roleStream } from "./identity/role.ts";
import type { Standing } from "./identity/resting.ts";
import { tenantStream, type TenantState } from "./identity/tenant.ts";
import { Leases } from "./identity/leases.ts";
import { DEFAULT_TENANT, isLeased } from "./kernel/index.ts";
import { bytesTaken, eventsToday } from "./log/log-taken.ts";
import type { ShardOf } from "./log/shard.ts";
import { Forgeries } from "./webhooks/forgeries.ts";
import type { Sealer } from "./webhooks/seal.ts";
import { sourceStream, type SourceState } from "./webhooks/source.ts";

/** What a part may take to answer (milliseconds). */
const MOST_TIME = 10_000;

/** What the counting of a tenant's denials reaches. */
export function denialPorts(env: ObjectNamespaces, now: () => number): DenialPorts {
  const append: DenialPorts["append"] = async (tenant, stream, request) => {
    const result: Appended | Refusal = await objectFor(env, tenant, stream).append(request);
    return result;
  };
  return { append: (tenant, stream, request) => within(MOST_TIME, stream, append(tenant, stream, request)), now };
}

/** A tenant as its aggregate has it now. */
export async function tenantState(env: ObjectNamespaces, tenant: string): Promise<TenantState> {
  const stream = tenantStream(tenant);
  return JSON.parse((await within(MOST_TIME, stream, objectFor(env, DEFAULT_TENANT, stream).state())).state) as TenantState;
}

/** A tenant as those see it who write to its log without being asked by a request: handlers and sagas. The log is asked only where there is a quota. */
export async function writersStanding(env: ObjectNamespaces, log: D1Database, tenant: string, now: number): Promise<Standing> {
  const state = await tenantState(env, tenant);
  const full = await fullQuota(state.limits ?? {}, {
    eventsToday: () => within(MOST_TIME, "the log", eventsToday(log, tenant, now)),
    bytesTaken: () => within(MOST_TIME, "the log", bytesTaken(log, tenant)),
  });
  return { ...state, isFull: full !== undefined };
}

/** What identity is made of. */
export interface IdentityGiven {
  readonly env: ObjectNamespaces;
  readonly shardOf: ShardOf;
  readonly fetch: typeof fetch;
  readonly allowLocalTargets: boolean;
  readonly now: () => number;
  /** Undefined where there is no `MASTER_KEY`. */
  readonly sealer: Sealer | undefined;
}

/** What the API asks about who asks: read from the aggregates themselves, and believed for a while. */
export function identityServices({
  env,
  shardOf,
  fetch,
  allowLocalTargets,
  now,
  sealer,
}: IdentityGiven): Pick<
  Services,
  | "keys"
  | "tenants"
  | "eventsToday"
  | "bytesTaken"
  | "issuers"
  | "origins"
  | "sources"
  | "forgeries"
  | "roles"
  | "members"
  | "keySets"
  | "takeRequest"
  | "takeNonce"
  | "deny"
  | "beginAct"
  | "settleAct"
> {
  const stateOf = async (tenant: string, stream: string): Promise<unknown> =>
    JSON.parse((await within(MOST_TIME, stream, objectFor(env, tenant, stream).state())).state);
  const leases = new Leases(now);
  return {
    keys: new Believed(
      async (name) => {
        const [tenant = "", id = ""] = name.split("/");
        return (await stateOf(tenant, keyStream(id))) as KeyState;
      },
      now,
      ({ settings }) => settings !== undefined,
    ),
    tenants: new Believed(
      (id) => tenantState(env, id),
      now,
      ({ name }) => name !== undefined,
    ),
    eventsToday: new Believed((tenant) => within(MOST_TIME, "the log", eventsToday(shardOf(tenant).log, tenant, now())), now),
    bytesTaken: new Believed((tenant) => within(MOST_TIME, "the log", bytesTaken(shardOf(tenant).log, tenant)), now),
    issuers: new Believed(
      async (id) => {
        const { tenant } = (await stateOf(DEFAULT_TENANT, claimStream(id))) as ClaimState;
        if (tenant === undefined) return undefined;
        const { settings } = (await stateOf(tenant, issuerStream(id))) as IssuerState;
        const secret = settings?.secret === undefined ? undefined : await sealer?.open(settings.secret, issuerContext(tenant, id));
        return settings && { tenant, settings, ...(secret !== undefined && { secret }) };
      },
      now,
      (found) => found !== undefined,
    ),
    origins: new Believed(
      async (tenant) => ((await stateOf(tenant, ORIGINS_STREAM)) as OriginsState).origins,
      now,
      (origins) => origins.length > 0,
    ),
    sources: new Believed(
      async (name) => {
        const [tenant = "", source = ""] = name.split("/");
        return (await stateOf(tenant, sourceStream(source))) as SourceState;
      },
      now,
      ({ configuration }) => configuration !== undefined,
    ),
    forgeries: new Forgeries(now),
    roles: new Believed(
      async (name) => {
        const [tenant = "", role = ""] = name.split("/");
        return ROLE_PATTERN.test(role) ? ((await stateOf(tenant, roleStream(role))) as RoleState).scopes : undefined;
      },
      now,
      (scopes) => scopes !== undefined,
    ),
    members: new Believed(
      async (name) => {
        const [tenant = "", ...user] = name.split("/");
        const stream = membershipStream(tenant, user.join("/"));
        return stream === undefined ? [] : (((await stateOf(tenant, stream)) as { readonly roles?: readonly string[] }).roles ?? []);
      },
      now,
      (roles) => roles.length > 0,
    ),
    keySets: new KeySets(fetch, { allowLocal: allowLocalTargets }),
    deny: async (tenant, actor, operation) => within(MOST_TIME, "the denials", denialsFor(env, tenant).deny(actor, operation)),
    beginAct: async (tenant, id, act) => within(MOST_TIME, "the audit log", denialsFor(env, tenant).begin(id, act)),
    settleAct: async (tenant, id) => within(MOST_TIME, "the audit log", denialsFor(env, tenant).settle(id)),
    takeNonce: async (tenant, key, { created, nonce }) => within(MOST_TIME, "the nonces", rateLimitFor(env, tenant, key).takeNonce(created, nonce)),
    async takeRequest(tenant, key, limit) {
      const object = rateLimitFor(env, tenant, key);
      if (!isLeased(limit)) return within(MOST_TIME, "the rate limit", object.take(limit));
      return leases.take(`${tenant}/${key}`, limit, async (wanted) => within(MOST_TIME, "the rate limit", object.lease({ ...limit, wanted })));
    },
  };
}
