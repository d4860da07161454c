import { z } from "@hono/zod-openapi";
import { TENANT_CATEGORY, type TenantState, tenantStream } from "../../identity/tenant.ts";
import { DEFAULT_TENANT } from "../../kernel/index.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import type { Call } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey, precondition } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";

export const TAG = "Identity";
export const params = z.object({ id: z.string().max(200) });

const whole = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
/** What a tenant may at most. A field left out has no limit. */
export const tenantLimits = z
  .strictObject({
    requests: z
      .strictObject({ limit: z.int().min(1).max(1_000_000), periodSeconds: z.int().min(1).max(86_400) })
      .optional()
      .describe(
        "Requests of all its keys and tokens, and webhooks that are proved, together, in any window of so many seconds; critical events alone that find no room there have ten times as much of their own",
      ),
    eventsPerDay: whole.optional().describe("Events that its log takes in a day (UTC)"),
    storageBytes: whole.optional().describe("Bytes of data and metadata that its log takes in all; what is purged or truncated is not taken off"),
    subscriptions: whole.optional().describe("Subscriptions at a time"),
  })
  .openapi("TenantLimits");

export const shown = z
  .object({
    id: z.string(),
    name: z.string(),
    status: z.enum(["active", "suspended", "deleting", "deleted"]),
    reason: z.string().optional(),
    createdAt: z.string(),
    limits: tenantLimits.optional(),
    readOnly: z.boolean().optional(),
    progress: z
      .object({ step: z.string(), streams: z.int(), events: z.int() })
      .optional()
      .describe("While it is being deleted: the step it is at, and what is gone"),
    erased: z.object({ streams: z.int(), events: z.int() }).optional().describe("Once it is deleted: what was there"),
  })
  .openapi("Tenant");

/** A command to a tenant's aggregate. */
export interface TenantCommand {
  readonly id: string;
  readonly name: string;
  readonly data: object;
}

/** What is shown of a tenant beside what its own state says. */
export interface Done {
  readonly state: TenantState;
  readonly version: number;
  readonly replayed: boolean;
}

/** Sends it, once for each `Idempotency-Key` and only if its precondition holds; the answer where it is refused. */
export async function command(call: Call<unknown, unknown, unknown>, { id, name, data }: TenantCommand): Promise<Done | Response> {
  const { services, principal } = call;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  const condition = precondition(call.request.headers);
  if (condition instanceof Response) return condition;
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
      precondition: condition,
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

/** The tenant as it is after that. */
export async function answer(
  { services }: Pick<Call<unknown, unknown, unknown>, "services">,
  id: string,
  { state, version, replayed }: Done,
  { status = 200, location }: { readonly status?: number; readonly location?: string } = {},
): Promise<Response> {
  const stream = tenantStream(id);
  const createdAt = (await services.objectFor(DEFAULT_TENANT, stream).describe())?.createdAt ?? "";
  const { name = "", reason, limits, isReadOnly = false, erased } = state;
  const standing = statusOf(state);
  const progress = standing === "deleting" ? await services.eraserFor(id).progress() : undefined;
  const body = {
    id,
    name,
    status: standing,
    ...(reason !== undefined && { reason }),
    createdAt,
    ...(limits !== undefined && { limits, readOnly: isReadOnly }),
    ...(progress !== undefined && { progress }),
    ...(erased !== undefined && { erased }),
  };
  return json(body, status, {
    etag: `"${version}"`,
    "consistency-token": consistencyToken(stream, version),
    ...(location !== undefined && { location }),
    ...(replayed && { "idempotency-replayed": "true" }),
  });
}

/** 404 for a tenant that nobody made. */
export function noTenant(id: string): Response {
  return notFound(`There is no tenant ${id}.`);
}

function statusOf({ isSuspended, deletion }: TenantState): "active" | "suspended" | "deleting" | "deleted" {
  return deletion ?? (isSuspended ? "suspended" : "active");
}
