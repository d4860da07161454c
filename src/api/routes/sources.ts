import { z } from "@hono/zod-openapi";
import type { ExecuteRequest } from "../../../durable-objects/aggregate/contract.ts";
import { PRIORITIES, type SealContext } from "../../kernel/index.ts";
import { hmacSettings } from "../../webhooks/hmac-settings.ts";
import { SCHEME_NAMES } from "../../webhooks/schemes.ts";
import type { Sealer } from "../../webhooks/seal.ts";
import { openSettingsOf, secretsOf, type SourceSettings, sourceSettings } from "../../webhooks/settings.ts";
import { listSources, secretContext, SOURCE_PATTERN, type SourceConfiguration, sourceStream } from "../../webhooks/source.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { readScope } from "../../views/standing.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { criticalRefusal } from "../critical.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { noMasterKey } from "../no-master-key.ts";
import { conditional, precondition } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { refused } from "../refusal.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { sourceState } from "../source-state.ts";

const name = z.string().regex(SOURCE_PATTERN, "Expected 1 to 63 of [A-Za-z0-9._-], a letter or digit first");
const params = z.object({ source: name });
const settings = sourceSettings.openapi("SourceSettings", { example: { scheme: "github", secret: "it is a secret to everybody" } });
const sourceLine = z.object({ source: z.string(), scheme: z.enum(SCHEME_NAMES), url: z.string() });
const sourceView = sourceLine
  .extend({
    secretCount: z.int().describe("2 while the previous secret counts as well, 0 where the scheme has none"),
    priority: z.enum(PRIORITIES).optional(),
    type: z.string().optional(),
    stream: z.string().optional(),
    id: z.string().optional(),
    ...hmacSettings.partial().shape,
  })
  .openapi("Source");

export const putSource: Endpoint<typeof params, z.ZodObject, typeof settings> = {
  method: "put",
  path: "/v1/sources/{source}",
  operationId: "putSource",
  scope: "admin:sources",
  summary: "Set up a producer of webhooks, or change it; its secrets are sealed and never shown again",
  tag: "Inbound webhooks",
  params,
  headers: conditional,
  body: { schema: settings, maxBytes: 16_384 },
  answers: {
    200: { description: "Changed, or already so", schema: sourceView, headers: WRITTEN },
    201: { description: "Set up", schema: sourceView, headers: WRITTEN },
  },
  problems: [412, 503],
  handle: configure,
};

/** Times that somebody else may have been faster in changing the same source. */
const ATTEMPTS = 10;

async function configure(call: Call<{ source: string }, unknown, SourceSettings>): Promise<Response> {
  const { services, principal, params, body, request } = call;
  const { tenant } = principal;
  const forbidden = criticalRefusal(principal, [body.priority]);
  if (forbidden) return forbidden;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const stream = sourceStream(params.source);
  for (let attempt = 1; ; attempt++) {
    const { configuration, version } = await sourceState(services, tenant, params.source);
    const wanted = await wantedSettings(services.sealer, secretContext(tenant, params.source), body, configuration);
    if (wanted instanceof Response) return wanted;
    const isFree = condition.kind === "none";
    const result = await services.objectFor(tenant, stream).execute({
      command: { name: "Configure", data: wanted },
      // Sealed anew each time, the same secret looks like another one: it is compared with what was read, so nothing may come between.
      precondition: isFree ? { kind: "version", version } : condition,
      ...caused(call),
    });
    if (!result.ok && isFree && result.code === "version_mismatch" && attempt < ATTEMPTS) continue;
    if (!result.ok) return refused(result);
    const created = configuration === undefined;
    return json(shown(tenant, params.source, wanted), created ? 201 : 200, {
      etag: `"${result.version}"`,
      "consistency-token": consistencyToken(stream, result.version),
      ...(created && { location: `/v1/sources/${params.source}` }),
    });
  }
}

/** The settings with their secrets sealed. What is there already is kept as it is, so that the same command decides nothing. */
async function wantedSettings(
  sealer: Sealer | undefined,
  context: SealContext,
  body: SourceSettings,
  now: SourceConfiguration | undefined,
): Promise<SourceConfiguration | Response> {
  const secrets = secretsOf(body);
  if (secrets.length > 0 && sealer === undefined) return noMasterKey();
  const there = [now?.secret, now?.previousSecret].filter((sealed) => sealed !== undefined && sealed !== "") as readonly string[];
  const opened = await Promise.all(there.map((sealed) => sealer?.open(sealed, context)));
  const [secret = "", previousSecret] = await Promise.all(secrets.map((text) => there[opened.indexOf(text)] ?? (sealer as Sealer).seal(text, context)));
  return { ...openSettingsOf(body), secret, ...(previousSecret !== undefined && { previousSecret }) };
}

function shown(tenant: string, source: string, { hmac, secret, previousSecret, ...open }: SourceConfiguration): z.output<typeof sourceView> {
  const secretCount = secret === "" ? 0 : previousSecret === undefined ? 1 : 2;
  return { source, url: urlOf(tenant, source), ...open, ...hmac, secretCount };
}

function urlOf(tenant: string, source: string): string {
  return `/v1/webhooks/${tenant}/${source}`;
}

function caused(call: Call<unknown, unknown, unknown>): Pick<ExecuteRequest, "source" | "metadata"> {
  return { source: "/v1/sources", metadata: platformMetadata(call, call.principal.actor) };
}

export const getSource: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/sources/{source}",
  operationId: "getSource",
  scope: "admin:sources",
  summary: "A source, without its secrets",
  tag: "Inbound webhooks",
  params,
  answers: { 200: { description: "The source", schema: sourceView } },
  notModified: true,
  problems: [404],
  async handle({ services, principal, params: { source } }) {
    const { configuration, version } = await sourceState(services, principal.tenant, source);
    if (configuration === undefined) return notFound(`There is no source ${source}.`);
    return json(shown(principal.tenant, source, configuration), 200, { etag: `"${version}"` });
  },
};

export const deleteSource: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/sources/{source}",
  operationId: "deleteSource",
  scope: "admin:sources",
  summary: "Remove a source: its deliveries are turned away from now on, its events stay",
  tag: "Inbound webhooks",
  params,
  headers: conditional,
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
  scope: "admin:sources",
  summary: "The sources of webhooks",
  tag: "Inbound webhooks",
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of names", schema: page(sourceLine.extend({ createdAt: z.string(), updatedAt: z.string() })) } },
  problems: [503],
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor("sources", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, tenant, request, "sources");
    if (late) return late;
    const { views } = services.shardOf(tenant);
    const rows = await listSources(views, await readScope(views, tenant, "sources"), { after: resumed?.after ?? "", limit: query.limit + 1 });
    const items = rows
      .slice(0, query.limit)
      .map(({ source, scheme, created, updated }) => ({ source, scheme, url: urlOf(tenant, source), createdAt: created, updatedAt: updated }));
    return json({ items, next: rows.length > query.limit ? writeCursor("sources", { after: (items.at(-1) as { source: string }).source }) : null });
  },
};
