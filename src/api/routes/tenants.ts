import { z } from "@hono/zod-openapi";
import { listRows } from "../../identity/rows-view.ts";
import { TENANT_CATEGORY, type TenantState, tenantStream } from "../../identity/tenant.ts";
import type { TenantRow } from "../../identity/tenants-view.ts";
import { DEFAULT_TENANT, TENANT_PATTERN } from "../../kernel/index.ts";
import { readScope } from "../../views/standing.ts";
import { adminOnly } from "../admin-only.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";

const TAG = "Identity";
const VIEW = "tenants_made";
const keyed = z.object({ "idempotency-key": z.string().max(257).optional() });
const params = z.object({ id: z.string().max(200) });
const name = z.string().min(1).max(200);
const tenantId = z.string().regex(TENANT_PATTERN, "Expected 2 to 63 of [a-z0-9-], a letter first");
const newTenant = z.strictObject({ id: tenantId, name }).openapi("NewTenant", { example: { id: "acme", name: "Acme" } });
const shown = z
  .object({ id: z.string(), name: z.string(), status: z.enum(["active", "suspended"]), reason: z.string().optional(), createdAt: z.string() })
  .openapi("Tenant");

export const createTenant: Endpoint<z.ZodObject, z.ZodObject, typeof newTenant> = {
  method: "post",
  path: "/v1/tenants",
  operationId: "createTenant",
  scope: "admin:tenants",
  summary: "Make a tenant; its first key is made by the admin key, with Tenant-Id",
  tag: TAG,
  headers: keyed,
  refuse: adminOnly,
  body: { schema: newTenant, maxBytes: 16_384 },
  answers: { 201: { description: "Made", schema: shown } },
  problems: [409, 429],
  async handle(call) {
    const { id, name } = call.body;
    const done = await command(call, { id, name: "Create", data: { name } });
    return done instanceof Response ? done : answer(call, id, done, { status: 201, location: `/v1/tenants/${id}` });
  },
};

interface TenantCommand {
  readonly id: string;
  readonly name: string;
  readonly data: object;
}

/** What is shown of a tenant beside what its own state says. */
interface Done {
  readonly state: TenantState;
  readonly version: number;
  readonly replayed: boolean;
}

async function command(call: Call<unknown, unknown, unknown>, { id, name, data }: TenantCommand): Promise<Done | Response> {
  const { services, principal } = call;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  // The tenant that everything is administered from is always there, and always works.
  if (id === DEFAULT_TENANT) return problem({ status: 409, code: "tenant_exists", detail: `The tenant ${id} is there, and stays as it is.` });
  let done: Done | undefined;
  const refusal = await withKey(services, DEFAULT_TENANT, idempotency, async () => {
    const sent = await services.send({
      tenant: DEFAULT_TENANT,
      category: TENANT_CATEGORY,
      id,
      command: name,
      data,
      precondition: { kind: "none" },
      ...(idempotency && { idempotency }),
      source: "/v1/tenants",
      metadata: platformMetadata(call, principal.actor),
    });
    services.tenants.forget(id);
    if (!sent.ok) return sent.rejection === "no_such_tenant" ? noTenant(id) : refused(sent);
    done = { state: JSON.parse(sent.state) as TenantState, version: sent.version, replayed: sent.replayed };
    return new Response(null, { headers: sent.replayed ? { "idempotency-replayed": "true" } : {} });
  });
  return done ?? refusal;
}

async function answer(
  { services }: Pick<Call<unknown, unknown, unknown>, "services">,
  id: string,
  { state, version, replayed }: Done,
  { status = 200, location }: { readonly status?: number; readonly location?: string } = {},
): Promise<Response> {
  const stream = tenantStream(id);
  const createdAt = (await services.objectFor(DEFAULT_TENANT, stream).describe())?.createdAt ?? "";
  const { name = "", isSuspended, reason } = state;
  const body = { id, name, status: isSuspended ? "suspended" : "active", ...(reason !== undefined && { reason }), createdAt };
  return json(body, status, {
    etag: `"${version}"`,
    "consistency-token": consistencyToken(stream, version),
    ...(location !== undefined && { location }),
    ...(replayed && { "idempotency-replayed": "true" }),
  });
}

function noTenant(id: string): Response {
  return notFound(`There is no tenant ${id}.`);
}

export const getTenant: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/tenants/{id}",
  operationId: "getTenant",
  scope: "admin:tenants",
  summary: "A tenant that was made, and whether it is suspended",
  tag: TAG,
  params,
  refuse: adminOnly,
  answers: { 200: { description: "The tenant", schema: shown } },
  problems: [404],
  async handle(call) {
    const { id } = call.params;
    if (!TENANT_PATTERN.test(id)) return noTenant(id);
    const { state, version } = await call.services.objectFor(DEFAULT_TENANT, tenantStream(id)).state();
    const found = JSON.parse(state) as TenantState;
    return found.name === undefined ? noTenant(id) : answer(call, id, { state: found, version, replayed: false });
  },
};

const listQuery = z.object({ limit, cursor });

export const tenants: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/tenants",
  operationId: "listTenants",
  scope: "admin:tenants",
  summary: "The tenants that were made",
  tag: TAG,
  query: listQuery,
  headers: freshness,
  refuse: adminOnly,
  answers: { 200: { description: "A page, in the order of ids", schema: page(shown) } },
  async handle({ request, services, query }) {
    const resumed = readCursor("tenants", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, DEFAULT_TENANT, request, VIEW);
    if (late) return late;
    const { views } = services.shardOf(DEFAULT_TENANT);
    const scope = await readScope(views, DEFAULT_TENANT, VIEW);
    const rows = await listRows<TenantRow>(views, scope, { view: VIEW, after: resumed?.after ?? "", limit: query.limit + 1 });
    const items = rows.slice(0, query.limit);
    return json({ items, next: rows.length > query.limit ? writeCursor("tenants", { after: items.at(-1)?.id ?? "" }) : null });
  },
};

const suspendBody = z.strictObject({ reason: z.string().min(1).max(1_000).optional() }).openapi("SuspendTenant", { example: { reason: "An invoice is open" } });
const nothing = z.strictObject({});

export const suspendTenant = operation("suspend", {
  command: "Suspend",
  summary: "Refuse a tenant's keys with 403 until it is resumed: within 5 seconds everywhere, and what they have open is closed",
  body: suspendBody,
});
export const resumeTenant = operation("resume", { command: "Resume", summary: "Take a tenant's keys again", body: nothing });

function operation(
  verb: "suspend" | "resume",
  what: { readonly command: string; readonly summary: string; readonly body: z.ZodObject },
): Endpoint<typeof params, z.ZodObject, z.ZodType> {
  return {
    method: "post",
    path: `/v1/tenants/{id}/${verb}`,
    operationId: `${verb}Tenant`,
    scope: "admin:tenants",
    summary: what.summary,
    tag: TAG,
    params,
    headers: keyed,
    refuse: adminOnly,
    rawBody: optionalBody(what.body),
    answers: { 200: { description: "As it is now", schema: shown } },
    problems: [404, 409, 429],
    async handle(call) {
      const { id } = call.params;
      const data = readOptional(call, what.body);
      if (data instanceof Response) return data;
      if (!TENANT_PATTERN.test(id)) return noTenant(id);
      const done = await command(call, { id, name: what.command, data });
      return done instanceof Response ? done : answer(call, id, done);
    },
  };
}
