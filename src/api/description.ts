import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { TENANT_PATTERN } from "../kernel/index.ts";
import { type Answering, answerHeaders } from "./answer-headers.ts";
import type { ApiEnv, Endpoint, RawBody } from "./endpoint.ts";
import { conditional } from "./preconditions.ts";
import { problemSchema } from "./schemas.ts";
import { scopesOf } from "./scope.ts";
import { STATUS_MEANINGS } from "./statuses.ts";

/** Whatever needs a key takes this header, and answers 400 where it names no tenant. */
const tenantHeader = z.object({ "tenant-id": z.string().regex(TENANT_PATTERN).optional() });
/** What a read takes that may be 304. */
const conditionalRead = conditional.pick({ "if-none-match": true });

/** Adds an endpoint to /openapi.json: what it takes, what it answers, and what every endpoint of its kind may answer. */
export function describeEndpoint<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  app: OpenAPIHono<ApiEnv>,
  endpoint: Endpoint<Params, Query, Body>,
): void {
  const { method, path, operationId, summary, tag, params, query, body, rawBody, otherBody, scope } = endpoint;
  const content = {
    ...(body && Object.fromEntries((body.mediaTypes ?? ["application/json"]).map((type) => [type, { schema: body.schema }]))),
    ...contentOf(rawBody),
    ...contentOf(otherBody),
  };
  const headers = headersOf(endpoint);
  app.openAPIRegistry.registerPath({
    method,
    path,
    operationId,
    summary,
    tags: [tag],
    // OpenAPI 3.1 lets a bearer scheme name what is required of the one who bears it.
    security: scope === "public" ? [] : [{ key: [...scopesOf(scope)] }],
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(headers && { headers }),
      ...(Object.keys(content).length > 0 && { body: { required: endpoint.rawBody?.isOptional !== true, content } }),
    },
    responses: responsesOf(endpoint),
  });
}

type AnyEndpoint = Answering & {
  readonly problems?: readonly number[];
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: unknown;
  readonly rawBody?: RawBody;
};

function headersOf({ scope, headers = z.object({}), notModified }: AnyEndpoint): z.ZodObject | undefined {
  const all = { ...headers.shape, ...(scope !== "public" && tenantHeader.shape), ...(notModified && conditionalRead.shape) };
  return Object.keys(all).length > 0 ? z.object(all) : undefined;
}

function responsesOf(endpoint: AnyEndpoint) {
  const { answers, scope, params, query, body, rawBody, notModified, problems = [] } = endpoint;
  const headers = (status: number) => ({ headers: answerHeaders(endpoint, status) });
  const statuses = new Set([
    // A bad Tenant-Id, no key, a scope that is missing, the key's limit, an overloaded part.
    ...(scope === "public" ? [] : [400, 401, 403, 429, 503]),
    ...(params || query || body ? [422] : []),
    // Any body may come in a content coding, which is 415.
    ...(body || rawBody ? [400, 408, 413, 415] : []),
    ...problems,
  ]);
  return Object.fromEntries([
    ...Object.entries(answers).map(([status, { description, schema, others = {} }]) => {
      const content = Object.entries({ ...(schema && { "application/json": schema }), ...others }).map(([type, schema]) => [type, { schema }]);
      return [status, { description, ...headers(Number(status)), ...(content.length > 0 && { content: Object.fromEntries(content) }) }];
    }),
    ...(notModified ? [[304, { description: meaning(304), ...headers(304) }] as const] : []),
    ...[...statuses]
      .sort()
      .map((status) => [status, { description: meaning(status), ...headers(status), content: { "application/problem+json": { schema: problemSchema } } }]),
  ]);
}

function meaning(status: number): string {
  const known = STATUS_MEANINGS[status];
  if (known === undefined) throw new Error(`expected src/api/statuses.ts to say what ${status} means`);
  return known;
}

function contentOf(body: RawBody | undefined): Record<string, { schema: z.ZodType }> {
  return Object.fromEntries((body?.mediaTypes ?? []).map((type) => [type, { schema: body?.schemas?.[type] ?? z.any() }]));
}
