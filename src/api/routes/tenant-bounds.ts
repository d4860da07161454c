import { z } from "@hono/zod-openapi";
import { tenantStream, type TenantState } from "../../identity/tenant.ts";
import { DEFAULT_TENANT, TENANT_PATTERN } from "../../kernel/index.ts";
import { adminOnly } from "../admin-only.ts";
import { WRITTEN } from "../answer-headers.ts";
import type { Endpoint } from "../endpoint.ts";
import { keyedConditional } from "../preconditions.ts";
import { answer, command, noTenant, params, shown, TAG, tenantLimits } from "../tenants/commanded.ts";

const body = z
  .strictObject({
    limits: tenantLimits.optional().describe("All of them: what is left out has no limit from now on"),
    readOnly: z.boolean().optional().describe("Whether its keys and webhooks may write nothing"),
  })
  .openapi("BoundTenant", { example: { limits: { requests: { limit: 1000, periodSeconds: 10 }, subscriptions: 50 }, readOnly: false } });

export const boundTenant: Endpoint<typeof params, z.ZodObject, typeof body> = {
  method: "patch",
  path: "/v1/tenants/{id}",
  operationId: "boundTenant",
  scope: "admin:tenants",
  summary: "Say what a tenant may at most, or switch its writes off: within 5 seconds everywhere",
  tag: TAG,
  params,
  headers: keyedConditional,
  refuse: adminOnly,
  body: { schema: body, maxBytes: 16_384 },
  answers: { 200: { description: "As it is now", schema: shown, headers: WRITTEN } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const { id } = call.params;
    if (!TENANT_PATTERN.test(id)) return noTenant(id);
    const { state } = await call.services.objectFor(DEFAULT_TENANT, tenantStream(id)).state();
    const { limits = {}, isReadOnly = false } = JSON.parse(state) as TenantState;
    const data = { limits: call.body.limits ?? limits, isReadOnly: call.body.readOnly ?? isReadOnly };
    const done = await command(call, { id, name: "Bound", data });
    return done instanceof Response ? done : answer(call, id, done);
  },
};
