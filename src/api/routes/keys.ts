import { z } from "@hono/zod-openapi";
import { type KeyState, keyStream, MOST_LIMITS } from "../../identity/key.ts";
import { newKeyText } from "../../identity/key-text.ts";
import type { KeyRow } from "../../identity/keys-view.ts";
import { listRows } from "../../identity/rows-view.ts";
import { readScope } from "../../views/standing.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { answer, answered, command, known, sealedSecret, seenOnce } from "../keys/commanded.ts";
import { keyLine, keyShownOnce, newKey, shownKey } from "../keys/shown.ts";
import { conditional, idempotencyKey, keyed, precondition } from "../preconditions.ts";
import { cannotGive } from "../roles.ts";
import { problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { lacking } from "../scope.ts";
import { newSubscriptionId } from "../subscriptions/subscription-id.ts";

const TAG = "Identity";
const MAX_BYTES = 65_536;
const params = z.object({ id: z.string().max(200) });

export const createKey: Endpoint<z.ZodObject, z.ZodObject, typeof newKey> = {
  method: "post",
  path: "/v1/keys",
  operationId: "createKey",
  scope: "admin:keys",
  summary: "Make a key, with no more scopes than one has; this is the only time it is seen",
  tag: TAG,
  headers: keyed,
  body: { schema: newKey, maxBytes: MAX_BYTES },
  answers: { 201: { description: "Made", schema: keyShownOnce, headers: WRITTEN } },
  problems: [409, 429, 503],
  handle: create,
};

async function create(call: Call<unknown, unknown, z.output<typeof newKey>>): Promise<Response> {
  const { services, principal, body } = call;
  const { tenant } = principal;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  for (const scope of body.scopes ?? []) {
    const forbidden = lacking(principal, scope as `${string}:${string}`);
    if (forbidden) return forbidden;
  }
  const ungiven = await cannotGive(services, principal, body.roles ?? []);
  if (ungiven instanceof Response) return ungiven;
  if (ungiven !== undefined) return problem({ status: 409, code: "no_such_role", detail: `Expected roles that are defined, got ${ungiven.undefinedRole}.` });
  const within = principal.limits ?? [];
  if (body.limits !== undefined && within.length >= MOST_LIMITS)
    return invalidInput([{ path: "limits", message: `Expected no limit: its maker's requests count in ${within.length} already` }]);
  return withKey(services, tenant, idempotency, async () => {
    const id = await newSubscriptionId(services, tenant, idempotency);
    const before = await answered(call, id, idempotency);
    if (before === undefined && body.expiresAt !== undefined && Date.parse(body.expiresAt) <= Date.now())
      return invalidInput([{ path: "expiresAt", message: "Expected a time to come" }]);
    const made = newKeyText(tenant, id);
    const { expiresAt, signing, scopes = [], ...settings } = body;
    const sealed = signing && (await sealedSecret(call, id, made.secret));
    if (sealed instanceof Response) return sealed;
    const data = {
      ...settings,
      scopes,
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
      ...(within.length > 0 && { within }),
      hash: made.hash,
      ...(sealed !== undefined && { signing: sealed }),
    };
    const sent = before ?? (await command(call, { id, name: "Create", data, idempotency }));
    if (!sent.ok) return refused(sent);
    return answer(id, sent, {
      status: 201,
      location: `/v1/keys/${id}`,
      ...(!sent.replayed && { made: seenOnce(made, { tenant, id, isSigning: signing === true }) }),
    });
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

export const getKey: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/keys/{id}",
  operationId: "getKey",
  scope: "admin:keys",
  summary: "What a key may do, and when it was last used",
  tag: TAG,
  params,
  answers: { 200: { description: "The key, without what opens anything", schema: keyLine } },
  notModified: true,
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
  headers: conditional,
  answers: { 204: { description: "Revoked", headers: ["Consistency-Token"] } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const { id } = call.params;
    const condition = precondition(call.request.headers);
    if (condition instanceof Response) return condition;
    const found = await known(call, id);
    if (found instanceof Response) return found;
    const sent = await command(call, { id, name: "Revoke", data: {}, precondition: condition });
    return sent.ok ? new Response(null, { status: 204, headers: { "consistency-token": consistencyToken(keyStream(id), sent.version) } }) : refused(sent);
  },
};
