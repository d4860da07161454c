import type { z } from "@hono/zod-openapi";
import { DEFAULT_TENANT, TENANT_PATTERN } from "../../kernel/index.ts";
import { adminOnly } from "../admin-only.ts";
import { WRITTEN } from "../answer-headers.ts";
import type { Endpoint } from "../endpoint.ts";
import { keyedConditional } from "../preconditions.ts";
import { answer, command, noTenant, params, shown, TAG } from "../tenants/commanded.ts";

/** A suspended tenant's log stands still, so what is to be kept is taken out first; nor is all that somebody has one slip away. */
export const deleteTenant: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/tenants/{id}",
  operationId: "deleteTenant",
  scope: "admin:tenants",
  summary: "Delete a suspended tenant with all it has, for good; its id is never given again",
  tag: TAG,
  params,
  headers: keyedConditional,
  refuse: adminOnly,
  answers: { 202: { description: "It is being deleted: `GET` says how far that is", schema: shown, headers: WRITTEN } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const { id } = call.params;
    if (!TENANT_PATTERN.test(id)) return noTenant(id);
    const job = call.services.eraserFor(id);
    // The job is on disk before the tenant is deleted: should we be lost in between, it finds that out by itself.
    if (id !== DEFAULT_TENANT) await job.prepare();
    const done = await command(call, { id, name: "Delete", data: {} });
    if (done instanceof Response) return done;
    if (done.state.deletion === "deleting") await job.begin();
    return answer(call, id, done, { status: 202 });
  },
};
