import { z } from "@hono/zod-openapi";
import type { HandlerOperationsState } from "../../followers/handler-operations.ts";
import { handlerStream } from "../../followers/handler-operations.ts";
import { type Handler, PRIORITIES } from "../../kernel/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import type { Services } from "../services.ts";
import { headersOf, tell } from "../subscriptions/command.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";
import { shownStanding, standing } from "../subscriptions/shown.ts";

const TAG = "Handlers";

const handler = z
  .object({
    name: z.string(),
    on: z.array(z.string()).describe("Topic patterns"),
    priority: z.enum(PRIORITIES),
    concurrency: z.int(),
    timeoutMs: z.int(),
    ...standing,
  })
  .openapi("Handler");

const listQuery = z.object({ limit, cursor });

export const handlers: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/handlers",
  operationId: "listHandlers",
  scope: "handlers:read",
  summary: "The handlers in code, and how far each has come for this tenant",
  tag: TAG,
  query: listQuery,
  answers: { 200: { description: "A page, in the order of names", schema: page(handler) } },
  async handle({ services, principal: { tenant }, query }) {
    const resumed = readCursor("handlers", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const rest = services.handlers.filter(({ name }) => name > (resumed?.after ?? "")).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const shown = rest.slice(0, query.limit);
    const items = await Promise.all(shown.map((one) => shownHandler(services, tenant, one)));
    return json({ items, next: rest.length > items.length ? writeCursor("handlers", { after: items.at(-1)?.name ?? "" }) : null });
  },
};

async function shownHandler(services: Services, tenant: string, { name, on, priority, concurrency, timeoutMs }: Handler): Promise<z.output<typeof handler>> {
  const now = await services.follower(tenant, "handler", name).standing();
  return { name, on: [...on], priority, concurrency, timeoutMs, ...shownStanding(now) };
}

const params = z.object({ name: z.string().max(200) });
const pauseBody = z.strictObject({ reason: z.string().max(1_000).optional() });
const nothing = z.strictObject({});
const told = z.object({ name: z.string(), status: z.enum(["active", "paused"]), reason: z.string().optional() }).openapi("HandlerStatus");

export const pauseHandler: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/handlers/{name}/pause",
  operationId: "pauseHandler",
  scope: "handlers:write:{name}",
  summary: "Handle nothing for this tenant until it is resumed; what comes meanwhile waits in the log",
  tag: TAG,
  params,
  headers: keyed,
  rawBody: optionalBody(pauseBody),
  answers: { 200: { description: "It is paused", schema: told, headers: WRITTEN } },
  problems: [404, 429],
  handle: (call) => act(call, "Pause", readOptional(call, pauseBody)),
};

export const resumeHandler: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/handlers/{name}/resume",
  operationId: "resumeHandler",
  scope: "handlers:write:{name}",
  summary: "Go on, after a pause, or where the platform stopped it",
  tag: TAG,
  params,
  headers: keyed,
  rawBody: optionalBody(nothing),
  answers: { 200: { description: "It goes on", schema: told, headers: WRITTEN } },
  problems: [404, 429],
  handle: (call) => act(call, "Resume", readOptional(call, nothing)),
};

async function act(call: Call<{ name: string }, unknown, unknown>, command: "Pause" | "Resume", data: object | Response): Promise<Response> {
  const { services, principal, params, request, bytes } = call;
  if (data instanceof Response) return data;
  const idempotency = idempotencyKey(request, bytes);
  if (idempotency instanceof Response) return idempotency;
  return withKey(services, principal.tenant, idempotency, async () => {
    if (!services.handlers.some(({ name }) => name === params.name)) return notFound(`There is no handler ${params.name}.`);
    const sent = await tell(call, { kind: "handler", id: params.name, command, prepare: () => ({ data }), idempotency });
    if (sent instanceof Response) return sent;
    const { status, reason } = JSON.parse(sent.state) as HandlerOperationsState;
    return json({ name: params.name, status, ...(reason !== undefined && { reason }) }, 200, headersOf(handlerStream(params.name), sent));
  });
}
