import { z } from "@hono/zod-openapi";
import { listRows } from "../../identity/rows-view.ts";
import { type TenantState, tenantStream } from "../../identity/tenant.ts";
import type { TenantRow } from "../../identity/tenants-view.ts";
import { DEFAULT_TENANT, TENANT_PATTERN } from "../../kernel/index.ts";
import { readScope } from "../../views/standing.ts";
import { adminOnly } from "../admin-only.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { awaitToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Endpoint } from "../endpoint.ts";
import { keyedConditional } from "../preconditions.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";
import { answer, command, noTenant, params, shown, TAG } from "../tenants/commanded.ts";

const VIEW = "tenants_made";
const name = z.string().min(1).max(200);
const tenantId = z.string().regex(TENANT_PATTERN, "Expected 2 to 63 of [a-z0-9-], a letter first");
const newTenant = z.strictObject({ id: tenantId, name }).openapi("NewTenant", { example: { id: "acme", name: "Acme" } });

export const createTenant: Endpoint<z.ZodObject, z.ZodObject, typeof newTenant> = {
  method: "post",
  path: "/v1/tenants",
  operationId: "createTenant",
  scope: "admin:tenants",
  summary: "Make a tenant; its first key is made by the admin key, with Tenant-Id",
  tag: TAG,
  headers: keyedConditional,
  refuse: adminOnly,
  body: { schema: newTenant, maxBytes: 16_384 },
  answers: { 201: { description: "Made", schema: shown, headers: WRITTEN } },
  problems: [409, 412, 429],
  async handle(call) {
    const { id, name } = call.body;
    const done = await command(call, { id, name: "Create", data: { name } });
    return done instanceof Response ? done : answer(call, id, done, { status: 201, location: `/v1/tenants/${id}` });
  },
};

export const getTenant: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/tenants/{id}",
  operationId: "getTenant",
  scope: "admin:tenants",
  summary: "A tenant that was made, whether it is suspended, and how far its deletion is",
  tag: TAG,
  params,
  refuse: adminOnly,
  answers: { 200: { description: "The tenant", schema: shown, headers: WRITTEN } },
  isMoving: true,
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
    headers: keyedConditional,
    refuse: adminOnly,
    rawBody: optionalBody(what.body),
    answers: { 200: { description: "As it is now", schema: shown, headers: WRITTEN } },
    problems: [404, 409, 412, 429],
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
