import { z } from "@hono/zod-openapi";
import { CLAIM_CATEGORY, ISSUER_CATEGORY, issuerContext, issuerId, type IssuerSettings, type IssuerState, issuerStream } from "../../identity/issuer.ts";
import type { IssuerRow } from "../../identity/issuers-view.ts";
import { listRows } from "../../identity/rows-view.ts";
import { canonicalJson, DEFAULT_TENANT } from "../../kernel/index.ts";
import { readScope } from "../../views/standing.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { algorithmsOf, issuerFault, type NewIssuer, newIssuer } from "../issuers/input.ts";
import { platformMetadata } from "../metadata.ts";
import { noMasterKey } from "../no-master-key.ts";
import { conditional, idempotencyKey, keyed, precondition } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";

const TAG = "Identity";
const shown = z
  .object({
    id: z.string(),
    issuer: z.string(),
    audience: z.string(),
    jwks: z.looseObject({}).optional(),
    jwksUri: z.string().optional(),
    algorithms: z.array(z.string()),
    claims: z.object({ scopes: z.string(), actor: z.string(), roles: z.string().optional() }),
    memberships: z.boolean().optional(),
    createdAt: z.string().optional(),
  })
  .openapi("Issuer");
const params = z.object({ id: z.string().max(200) });

export const createIssuer: Endpoint<z.ZodObject, z.ZodObject, typeof newIssuer> = {
  method: "post",
  path: "/v1/issuers",
  operationId: "createIssuer",
  scope: "admin:issuers",
  summary: "Take the tokens (JWT) of an issuer; none of them may more than the one who registers it",
  tag: TAG,
  headers: keyed,
  body: { schema: newIssuer, maxBytes: 65_536 },
  answers: { 201: { description: "Registered", schema: shown, headers: WRITTEN } },
  problems: [409, 429, 503],
  handle: create,
};

async function create(call: Call<unknown, unknown, NewIssuer>): Promise<Response> {
  const { services, principal, body } = call;
  const fault = issuerFault(body, services.allowLocalTargets);
  if (fault !== undefined) return invalidInput([fault]);
  // A secret may be one that can be guessed: what tells a repeat is kept, so it is left out of that.
  const idempotency = idempotencyKey(call.request, body.secret === undefined ? call.bytes : utf8(canonicalJson({ ...body, secret: "" })));
  if (idempotency instanceof Response) return idempotency;
  const { claims, secret, ...given } = body;
  if (secret !== undefined && services.sealer === undefined) return noMasterKey();
  const id = issuerId(body.issuer, body.audience);
  const sealed = secret === undefined ? {} : { secret: await services.sealer?.seal(secret, issuerContext(principal.tenant, id)) };
  const settings = {
    ...given,
    ...sealed,
    algorithms: algorithmsOf(body),
    claims: { actor: "sub", ...claims },
    grants: principal.scopes,
    ...(principal.limits && { within: principal.limits }),
  };
  return withKey(services, principal.tenant, idempotency, async () => {
    const claimed = await claim(call, id, "Claim");
    if (claimed instanceof Response) return claimed;
    const sent = await services.send({
      tenant: principal.tenant,
      category: ISSUER_CATEGORY,
      id,
      command: "Register",
      data: settings,
      precondition: { kind: "none" },
      ...(idempotency && { idempotency }),
      ...caused(call),
    });
    services.issuers.forget(id);
    if (!sent.ok) return refused(sent);
    // The same again, without a key that says that it is a repeat, is a name that is taken.
    if (!sent.replayed && sent.events.length === 0) return taken();
    return json(shownIssuer(id, (JSON.parse(sent.state) as { settings: IssuerSettings }).settings), 201, {
      etag: `"${sent.version}"`,
      "consistency-token": consistencyToken(issuerStream(id), sent.version),
      location: `/v1/issuers/${id}`,
      ...(sent.replayed && { "idempotency-replayed": "true" }),
    });
  });
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** Says in the tenant `default` whose it is, or that it is nobody's any more. */
async function claim(call: Call<unknown, unknown, unknown>, id: string, command: "Claim" | "Release"): Promise<Response | undefined> {
  const { services, principal } = call;
  const data = { tenant: principal.tenant };
  const sent = await services.send({ tenant: DEFAULT_TENANT, category: CLAIM_CATEGORY, id, command, data, precondition: { kind: "none" }, ...caused(call) });
  if (sent.ok) return undefined;
  return sent.rejection === "issuer_exists" ? taken() : refused(sent);
}

function taken(): Response {
  return problem({
    status: 409,
    code: "issuer_exists",
    detail: "This issuer is registered with this audience already: delete that registration first, or use another audience.",
  });
}

function caused(call: Call<unknown, unknown, unknown>) {
  return { source: "/v1/issuers", metadata: platformMetadata(call, call.principal.actor) };
}

function shownIssuer(id: string, { issuer, audience, jwks, jwksUri, algorithms, claims, memberships }: IssuerSettings): object {
  return {
    id,
    issuer,
    audience,
    ...(jwks && { jwks }),
    ...(jwksUri !== undefined && { jwksUri }),
    algorithms,
    claims,
    ...(memberships !== undefined && { memberships }),
  };
}

function noIssuer(id: string): Response {
  return notFound(`There is no issuer ${id}.`);
}

async function known({
  services,
  principal,
  params: { id },
}: Call<{ id: string }, unknown, unknown>): Promise<Response | { settings: IssuerSettings; version: number }> {
  if (!/^[0-9a-f]{32}$/.test(id)) return noIssuer(id);
  const { state, version } = await services.objectFor(principal.tenant, issuerStream(id)).state();
  const { settings } = JSON.parse(state) as IssuerState;
  return settings === undefined ? noIssuer(id) : { settings, version };
}

export const getIssuer: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/issuers/{id}",
  operationId: "getIssuer",
  scope: "admin:issuers",
  summary: "An issuer whose tokens are taken",
  tag: TAG,
  params,
  answers: { 200: { description: "The issuer", schema: shown } },
  notModified: true,
  problems: [404],
  async handle(call) {
    const found = await known(call);
    return found instanceof Response ? found : json(shownIssuer(call.params.id, found.settings), 200, { etag: `"${found.version}"` });
  },
};

export const deleteIssuer: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/issuers/{id}",
  operationId: "deleteIssuer",
  scope: "admin:issuers",
  summary: "Take an issuer's tokens no more: within 5 seconds everywhere, and what was opened with them is closed",
  tag: TAG,
  params,
  headers: conditional,
  answers: { 204: { description: "Removed", headers: ["Consistency-Token"] } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const { services, principal, params } = call;
    const condition = precondition(call.request.headers);
    if (condition instanceof Response) return condition;
    const found = await known(call);
    if (found instanceof Response) return found;
    const target = { tenant: principal.tenant, category: ISSUER_CATEGORY, id: params.id };
    const sent = await services.send({ ...target, command: "Remove", data: {}, precondition: condition, ...caused(call) });
    services.issuers.forget(params.id);
    if (!sent.ok) return refused(sent);
    const unreleased = await claim(call, params.id, "Release");
    return unreleased ?? new Response(null, { status: 204, headers: { "consistency-token": consistencyToken(issuerStream(params.id), sent.version) } });
  },
};

const listQuery = z.object({ limit, cursor });

export const issuers: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/issuers",
  operationId: "listIssuers",
  scope: "admin:issuers",
  summary: "The issuers whose tokens are taken",
  tag: TAG,
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of ids", schema: page(shown) } },
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor("issuers", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, tenant, request, "issuers");
    if (late) return late;
    const { views } = services.shardOf(tenant);
    const scope = await readScope(views, tenant, "issuers");
    const rows = await listRows<IssuerRow>(views, scope, { view: "issuers", after: resumed?.after ?? "", limit: query.limit + 1 });
    const items = rows.slice(0, query.limit);
    return json({ items, next: rows.length > query.limit ? writeCursor("issuers", { after: items.at(-1)?.id ?? "" }) : null });
  },
};
