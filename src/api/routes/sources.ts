import { z } from "@hono/zod-openapi";
import type { ExecuteRequest } from "../../../durable-objects/aggregate/contract.ts";
import { SCHEME_NAMES } from "../../webhooks/schemes.ts";
import { listSources, secretContext, SOURCE_PATTERN } from "../../webhooks/source.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { precondition } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { cursor, limit, page } from "../schemas.ts";
import { sourceState, sourceStream } from "../source-state.ts";

const name = z.string().regex(SOURCE_PATTERN, "Expected 1 to 63 of [A-Za-z0-9._-], a letter or digit first");
const params = z.object({ source: name });
const settings = z
  .strictObject({ scheme: z.enum(SCHEME_NAMES), secret: z.string().min(1).max(1024) })
  .openapi("SourceSettings", { example: { scheme: "github", secret: "it is a secret to everybody" } });
const sourceView = z.object({ source: z.string(), scheme: z.string(), url: z.string() }).openapi("Source");

export const putSource: Endpoint<typeof params, z.ZodObject, typeof settings> = {
  method: "put",
  path: "/v1/sources/{source}",
  operationId: "putSource",
  summary: "Set up a producer of webhooks, or change it; its secret is sealed and never shown again",
  tag: "Inbound webhooks",
  params,
  body: { schema: settings, maxBytes: 16_384 },
  answers: { 200: { description: "Changed, or already so", schema: sourceView }, 201: { description: "Set up", schema: sourceView } },
  problems: [412, 503],
  handle: configure,
};

async function configure(call: Call<{ source: string }, unknown, z.output<typeof settings>>): Promise<Response> {
  const { services, principal, params, body, request } = call;
  const { tenant } = principal;
  if (services.sealer === undefined) {
    return problem({
      status: 503,
      code: "no_master_key",
      detail: "The deployment has no MASTER_KEY, so it can keep no secrets.",
      headers: { "retry-after": "60" },
    });
  }
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const stream = sourceStream(params.source);
  const { configuration } = await sourceState(services, tenant, params.source);
  const context = secretContext(tenant, params.source);
  // Sealing the same secret twice gives two texts; the one that is there is kept, so that the same command decides nothing.
  const isSame = configuration !== undefined && (await services.sealer.open(configuration.secret, context)) === body.secret;
  const secret = isSame ? configuration.secret : await services.sealer.seal(body.secret, context);
  const result = await services
    .objectFor(tenant, stream)
    .execute({ command: { name: "Configure", data: { scheme: body.scheme, secret } }, precondition: condition, ...caused(call) });
  if (!result.ok) return refused(result);
  const created = configuration === undefined;
  return json(shown(tenant, params.source, body.scheme), created ? 201 : 200, {
    etag: `"${result.version}"`,
    "consistency-token": consistencyToken(stream, result.version),
    ...(created && { location: `/v1/sources/${params.source}` }),
  });
}

function shown(tenant: string, source: string, scheme: string): z.output<typeof sourceView> {
  return { source, scheme, url: `/v1/webhooks/${tenant}/${source}` };
}

function caused(call: Call<unknown, unknown, unknown>): Pick<ExecuteRequest, "source" | "metadata"> {
  return { source: "/v1/sources", metadata: platformMetadata(call, call.principal.actor) };
}

export const getSource: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/sources/{source}",
  operationId: "getSource",
  summary: "A source, without its secret",
  tag: "Inbound webhooks",
  params,
  answers: { 200: { description: "The source", schema: sourceView } },
  problems: [404],
  async handle({ services, principal, params: { source } }) {
    const { configuration, version } = await sourceState(services, principal.tenant, source);
    if (configuration === undefined) return notFound(`There is no source ${source}.`);
    return json(shown(principal.tenant, source, configuration.scheme), 200, { etag: `"${version}"` });
  },
};

export const deleteSource: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/sources/{source}",
  operationId: "deleteSource",
  summary: "Remove a source: its deliveries are turned away from now on, its events stay",
  tag: "Inbound webhooks",
  params,
  answers: { 204: { description: "Removed" } },
  problems: [404, 412, 503],
  async handle(call) {
    const { services, principal, params, request } = call;
    const condition = precondition(request.headers);
    if (condition instanceof Response) return condition;
    const { tenant } = principal;
    if ((await sourceState(services, tenant, params.source)).configuration === undefined) return notFound(`There is no source ${params.source}.`);
    const result = await services
      .objectFor(tenant, sourceStream(params.source))
      .execute({ command: { name: "Remove", data: {} }, precondition: condition, ...caused(call) });
    return result.ok ? new Response(null, { status: 204 }) : refused(result);
  },
};

const listQuery = z.object({ limit, cursor });

export const sources: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/sources",
  operationId: "listSources",
  summary: "The sources of webhooks",
  tag: "Inbound webhooks",
  query: listQuery,
  answers: { 200: { description: "A page, in the order of names", schema: page(sourceView.extend({ createdAt: z.string(), updatedAt: z.string() })) } },
  problems: [503],
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor<{ after: string }>("sources", query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, tenant, request, "sources");
    if (late) return late;
    const rows = await listSources(services.shardOf(tenant).views, tenant, { after: resumed?.after ?? "", limit: query.limit + 1 });
    const items = rows.slice(0, query.limit).map((row) => ({ ...shown(tenant, row.source, row.scheme), createdAt: row.created, updatedAt: row.updated }));
    return json({ items, next: rows.length > query.limit ? writeCursor("sources", { after: (items.at(-1) as { source: string }).source }) : null });
  },
};
