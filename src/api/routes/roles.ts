import { z } from "@hono/zod-openapi";
import { ROLE_CATEGORY, ROLE_PATTERN, type RoleState, roleStream } from "../../identity/role.ts";
import type { RoleRow } from "../../identity/roles-view.ts";
import { listRows } from "../../identity/rows-view.ts";
import type { Sent, SentCommand } from "../../commands/send-command.ts";
import { readScope } from "../../views/standing.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { MAX_SCOPES, scope } from "../keys/shown.ts";
import { platformMetadata } from "../metadata.ts";
import { conditional, precondition } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { refused } from "../refusal.ts";
import { nameOfRole } from "../roles.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { lacking } from "../scope.ts";

const TAG = "Identity";
const name = z.string().regex(ROLE_PATTERN, "Expected 1 to 63 of [A-Za-z0-9._-], a letter or digit first");
const params = z.object({ name });
const definition = z
  .strictObject({ scopes: z.array(scope).min(1).max(MAX_SCOPES) })
  .openapi("RoleDefinition", { example: { scopes: ["streams:read:order-*", "commands:order:PlaceOrder"] } });
const shown = z.object({ name: z.string(), scopes: z.array(z.string()) }).openapi("Role");

type RoleCall<Body = unknown> = Call<{ name: string }, unknown, Body>;

export const putRole: Endpoint<typeof params, z.ZodObject, typeof definition> = {
  method: "put",
  path: "/v1/roles/{name}",
  operationId: "putRole",
  scope: "admin:roles",
  summary: "Define a role, with no more scopes than one has: whoever has it has these, within 5 seconds everywhere",
  tag: TAG,
  params,
  headers: conditional,
  body: { schema: definition, maxBytes: 65_536 },
  answers: {
    200: { description: "Changed, or already so", schema: shown, headers: WRITTEN },
    201: { description: "Defined", schema: shown, headers: WRITTEN },
  },
  problems: [409, 412, 429],
  handle: define,
};

async function define(call: RoleCall<z.output<typeof definition>>): Promise<Response> {
  const { principal, params, request } = call;
  for (const scope of call.body.scopes) {
    const forbidden = lacking(principal, scope as `${string}:${string}`);
    if (forbidden) return forbidden;
  }
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const before = await known(call);
  const sent = await send(call, { command: "Define", data: { scopes: [...new Set(call.body.scopes)].sort() }, precondition: condition });
  if (!sent.ok) return refused(sent);
  const isNew = before instanceof Response;
  return json({ name: params.name, scopes: (JSON.parse(sent.state) as RoleState).scopes }, isNew ? 201 : 200, {
    etag: `"${sent.version}"`,
    "consistency-token": consistencyToken(roleStream(params.name), sent.version),
    ...(isNew && { location: `/v1/roles/${params.name}` }),
  });
}

async function send(call: RoleCall, command: Pick<SentCommand, "command" | "data" | "precondition">): Promise<Sent> {
  const { services, principal, params } = call;
  const target = { tenant: principal.tenant, category: ROLE_CATEGORY, id: params.name };
  const sent = await services.send({ ...target, ...command, source: "/v1/roles", metadata: platformMetadata(call, principal.actor) });
  services.roles.forget(nameOfRole(principal.tenant, params.name));
  return sent;
}

async function known({ services, principal, params }: RoleCall): Promise<Response | { readonly scopes: readonly string[]; readonly version: number }> {
  const { state, version } = await services.objectFor(principal.tenant, roleStream(params.name)).state();
  const { scopes } = JSON.parse(state) as RoleState;
  return scopes === undefined ? notFound(`There is no role ${params.name}.`) : { scopes, version };
}

export const getRole: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/roles/{name}",
  operationId: "getRole",
  scope: "admin:roles",
  summary: "What a role lets",
  tag: TAG,
  params,
  answers: { 200: { description: "The role", schema: shown } },
  notModified: true,
  problems: [404],
  async handle(call) {
    const found = await known(call);
    return found instanceof Response ? found : json({ name: call.params.name, scopes: found.scopes }, 200, { etag: `"${found.version}"` });
  },
};

export const deleteRole: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/roles/{name}",
  operationId: "deleteRole",
  scope: "admin:roles",
  summary: "Take a role away: whoever has it may nothing by it any more, within 5 seconds everywhere",
  tag: TAG,
  params,
  headers: conditional,
  answers: { 204: { description: "Removed", headers: ["Consistency-Token"] } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const condition = precondition(call.request.headers);
    if (condition instanceof Response) return condition;
    const found = await known(call);
    if (found instanceof Response) return found;
    const sent = await send(call, { command: "Undefine", data: {}, precondition: condition });
    if (!sent.ok) return refused(sent);
    return new Response(null, { status: 204, headers: { "consistency-token": consistencyToken(roleStream(call.params.name), sent.version) } });
  },
};

const listQuery = z.object({ limit, cursor });

export const roles: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/roles",
  operationId: "listRoles",
  scope: "admin:roles",
  summary: "The roles that are defined",
  tag: TAG,
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of names", schema: page(shown.extend({ createdAt: z.string(), updatedAt: z.string() })) } },
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor("roles", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, tenant, request, "roles");
    if (late) return late;
    const { views } = services.shardOf(tenant);
    const rows = await listRows<RoleRow>(views, await readScope(views, tenant, "roles"), {
      view: "roles",
      after: resumed?.after ?? "",
      limit: query.limit + 1,
    });
    const items = rows.slice(0, query.limit);
    return json({ items, next: rows.length > query.limit ? writeCursor("roles", { after: items.at(-1)?.name ?? "" }) : null });
  },
};
