import { z } from "@hono/zod-openapi";
import type { Executed, IdempotencyKey, Refusal } from "../../../durable-objects/aggregate/contract.ts";
import { type CountedLimit, KEY_CATEGORY, type KeyState, keyStream, limitsOf, MOST_LIMITS } from "../../identity/key.ts";
import { isKeyId, newKeyText } from "../../identity/key-text.ts";
import type { KeyRow } from "../../identity/keys-view.ts";
import { listRows } from "../../identity/rows-view.ts";
import { readScope } from "../../views/standing.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { keyLine, keyShownOnce, newKey, shownKey } from "../keys/shown.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey } from "../preconditions.ts";
import { nameOf } from "../principal.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { lacking, missingScope } from "../scope.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";
import { newSubscriptionId } from "../subscriptions/subscription-id.ts";

const TAG = "Identity";
const MAX_BYTES = 65_536;
const keyed = z.object({ "idempotency-key": z.string().max(257).optional() });
const params = z.object({ id: z.string().max(200) });

type KeyCall<Params = unknown> = Pick<Call<Params, unknown, unknown>, "services" | "principal" | "correlationId" | "trace">;

export const createKey: Endpoint<z.ZodObject, z.ZodObject, typeof newKey> = {
  method: "post",
  path: "/v1/keys",
  operationId: "createKey",
  scope: "admin:keys",
  summary: "Make a key, with no more scopes than one has; this is the only time it is seen",
  tag: TAG,
  headers: keyed,
  body: { schema: newKey, maxBytes: MAX_BYTES },
  answers: { 201: { description: "Made", schema: keyShownOnce } },
  problems: [409, 429],
  handle: create,
};

async function create(call: Call<unknown, unknown, z.output<typeof newKey>>): Promise<Response> {
  const { services, principal, body } = call;
  const { tenant } = principal;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  for (const scope of body.scopes) {
    const forbidden = lacking(principal, scope as `${string}:${string}`);
    if (forbidden) return forbidden;
  }
  const within = principal.limits ?? [];
  if (body.limits !== undefined && within.length >= MOST_LIMITS)
    return invalidInput([{ path: "limits", message: `Expected no limit: its maker's requests count in ${within.length} already` }]);
  return withKey(services, tenant, idempotency, async () => {
    const id = await newSubscriptionId(services, tenant, idempotency);
    const before = await answered(call, id, idempotency);
    if (before === undefined && body.expiresAt !== undefined && Date.parse(body.expiresAt) <= Date.now())
      return invalidInput([{ path: "expiresAt", message: "Expected a time to come" }]);
    const made = newKeyText(tenant, id);
    const { expiresAt, ...settings } = body;
    const data = {
      ...settings,
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
      ...(within.length > 0 && { within }),
      hash: made.hash,
    };
    const sent = before ?? (await command(call, { id, name: "Create", data, idempotency }));
    if (!sent.ok) return refused(sent);
    return answer(id, sent, { status: 201, location: `/v1/keys/${id}`, ...(!sent.replayed && { key: made.text }) });
  });
}

/** What was answered to this `Idempotency-Key` before: nothing is made for it twice. */
async function answered({ services, principal }: KeyCall, id: string, idempotency: IdempotencyKey | undefined): Promise<Executed | Refusal | undefined> {
  return idempotency && ((await services.objectFor(principal.tenant, keyStream(id)).answered(idempotency)) as Executed | Refusal | undefined);
}

interface KeyCommand {
  readonly id: string;
  readonly name: string;
  readonly data: object;
  readonly idempotency?: IdempotencyKey | undefined;
}

async function command(call: KeyCall, { id, name, data, idempotency }: KeyCommand): Promise<Executed | Refusal> {
  const { services, principal } = call;
  const sent = await services.send({
    tenant: principal.tenant,
    category: KEY_CATEGORY,
    id,
    command: name,
    data,
    precondition: { kind: "none" },
    ...(idempotency && { idempotency }),
    source: "/v1/keys",
    metadata: platformMetadata(call, principal.actor),
  });
  // Other isolates find it out within the time that they believe what they know.
  services.keys.forget(nameOf({ tenant: principal.tenant, id }));
  return sent;
}

interface Answered {
  readonly status: number;
  readonly key?: string;
  readonly location?: string;
}

function answer(id: string, sent: Executed, { status, key, location }: Answered): Response {
  const { settings, previous } = JSON.parse(sent.state) as KeyState & { readonly settings: NonNullable<KeyState["settings"]> };
  const body = { ...shownKey({ id, ...settings }), ...(key !== undefined && { key }), ...(previous && { previousUntil: previous.until }) };
  return json(body, status, {
    "cache-control": "no-store",
    etag: `"${sent.version}"`,
    "consistency-token": consistencyToken(keyStream(id), sent.version),
    ...(location !== undefined && { location }),
    ...(sent.replayed && { "idempotency-replayed": "true" }),
  });
}

const listQuery = z.object({ limit, cursor });

export const keys: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/keys",
  operationId: "listKeys",
  scope: "admin:keys",
  summary: "The keys that were not revoked; none of them is shown",
  tag: TAG,
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of their making", schema: page(keyLine) } },
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor("keys", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, tenant, request, "keys");
    if (late) return late;
    const { views } = services.shardOf(tenant);
    const scope = await readScope(views, tenant, "keys");
    const rows = await listRows<KeyRow>(views, scope, { view: "keys", after: resumed?.after ?? "", limit: query.limit + 1 });
    const items = rows.slice(0, query.limit);
    return json({ items, next: rows.length > query.limit ? writeCursor("keys", { after: items.at(-1)?.id ?? "" }) : null });
  },
};

/** A key's aggregate; 404 where there is no such key (any more). */
async function known({ services, principal }: KeyCall, id: string): Promise<(KeyState & { readonly version: number }) | Response> {
  if (!isKeyId(id)) return noKey(id);
  const { state, version } = await services.objectFor(principal.tenant, keyStream(id)).state();
  const found = JSON.parse(state) as KeyState;
  return found.settings === undefined || found.isRevoked ? noKey(id) : { ...found, version };
}

function noKey(id: string): Response {
  return notFound(`There is no key ${id}.`);
}

export const getKey: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/keys/{id}",
  operationId: "getKey",
  scope: "admin:keys",
  summary: "What a key may do, and when it was last used",
  tag: TAG,
  params,
  answers: { 200: { description: "The key, without what opens anything", schema: keyLine } },
  problems: [404],
  async handle(call) {
    const { services, principal, params } = call;
    const found = await known(call, params.id);
    if (found instanceof Response) return found;
    const described = await services.objectFor(principal.tenant, keyStream(params.id)).describe();
    const settings = found.settings as NonNullable<KeyState["settings"]>;
    const times = { createdAt: described?.createdAt ?? "", ...(found.usedAt !== undefined && { lastUsedAt: found.usedAt }) };
    return json({ ...shownKey({ id: params.id, ...settings }), ...times }, 200, { etag: `"${found.version}"` });
  },
};

export const revokeKey: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/keys/{id}",
  operationId: "revokeKey",
  scope: "admin:keys",
  summary: "Revoke a key: within 5 seconds it is refused everywhere, and what it has open is closed",
  tag: TAG,
  params,
  answers: { 204: { description: "Revoked" } },
  problems: [404, 409, 429],
  async handle(call) {
    const { id } = call.params;
    const found = await known(call, id);
    if (found instanceof Response) return found;
    const sent = await command(call, { id, name: "Revoke", data: {} });
    return sent.ok ? new Response(null, { status: 204, headers: { "consistency-token": consistencyToken(keyStream(id), sent.version) } }) : refused(sent);
  },
};

/** How long (seconds) the secret before counts as well: at most, and where nothing is said. */
const MAX_OVERLAP = 2_592_000;
const DEFAULT_OVERLAP = 86_400;

const rotateBody = z
  .strictObject({ overlapSeconds: z.int().min(0).max(MAX_OVERLAP).default(DEFAULT_OVERLAP).describe("How long the one before counts as well") })
  .openapi("RotateKey", { example: { overlapSeconds: 3_600 } });

export const rotateKey: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/keys/{id}/rotate",
  operationId: "rotateKey",
  scope: "admin:keys",
  summary: "Make the key anew; for a while the one before counts as well. Who rotates it needs every scope that it has",
  tag: TAG,
  params,
  headers: keyed,
  rawBody: optionalBody(rotateBody),
  answers: { 200: { description: "Rotated", schema: keyShownOnce } },
  problems: [404, 409, 422, 429],
  handle: rotate,
};

/** Whether a key may ask where the one who asks may not any more: he would have it in his hands. */
function isLessLimited(limits: readonly CountedLimit[], { limits: own = [] }: Call<unknown, unknown, unknown>["principal"]): boolean {
  return own.some(({ key }) => !limits.some((limit) => limit.key === key));
}

function lessLimited(): Response {
  return problem({ status: 403, code: "forbidden", detail: "This key is not held to the limits of the one that asks, who would see it rotated." });
}

async function rotate(call: Call<{ id: string }, unknown, unknown>): Promise<Response> {
  const { services, principal, params } = call;
  const body = readOptional(call, rotateBody);
  if (body instanceof Response) return body;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  return withKey(services, principal.tenant, idempotency, async () => {
    if (!isKeyId(params.id)) return noKey(params.id);
    const before = await answered(call, params.id, idempotency);
    const found = before ?? (await known(call, params.id));
    if (found instanceof Response) return found;
    if ("settings" in found && found.settings && isLessLimited(limitsOf(params.id, found.settings), principal)) return lessLimited();
    const made = newKeyText(principal.tenant, params.id);
    const until = body.overlapSeconds === 0 ? {} : { until: new Date(Date.now() + body.overlapSeconds * 1_000).toISOString() };
    const data = { hash: made.hash, scopes: principal.scopes, ...until };
    const sent = before ?? (await command(call, { id: params.id, name: "Rotate", data, idempotency }));
    if (!sent.ok && sent.rejection === "no_such_key") return noKey(params.id);
    if (!sent.ok && sent.rejection === "missing_scope") return missingScope(sent.detail);
    if (!sent.ok) return refused(sent);
    return answer(params.id, sent, { status: 200, ...(!sent.replayed && { key: made.text }) });
  });
}
