import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { within } from "../deadline.ts";
import { type JsonText, pathText, readJson, uuid7 } from "../kernel/index.ts";
import { continueTrace, type TraceContext } from "../tracing/trace-context.ts";
import { readBody } from "./body.ts";
import { authenticate, type Principal, ticketHolder } from "./principal.ts";
import { type InputError, problem } from "./problem.ts";
import { problemSchema } from "./schemas.ts";
import type { Services } from "./services.ts";

/** What every request carries, and every answer gives back. */
export interface RequestContext {
  readonly correlationId: string;
  readonly trace: TraceContext;
}

/** The Hono environment of the API. */
export type ApiEnv = { Variables: RequestContext & { readonly services: Services } };

/** A request that was authenticated and checked: what a handler works with. */
export interface Call<Params, Query, Body> extends RequestContext {
  readonly request: Request;
  readonly services: Services;
  /** Of public endpoints, nobody in particular. */
  readonly principal: Principal;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The bytes of the body as they came. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The exact JSON texts of what `pick` selects. */
  readonly texts: readonly JsonText[];
}

/** A JSON body that an endpoint takes. */
export interface JsonBody<Body extends z.ZodType> {
  readonly schema: Body;
  readonly maxBytes: number;
  /** Whose exact texts the handler wants; see `readJson`. */
  readonly pick?: readonly string[];
  /** Where `application/json` is not the one: the first is what we say we want. */
  readonly mediaTypes?: readonly string[];
}

/** An endpoint: its schemas validate the request and describe it in /openapi.json. */
export interface Endpoint<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As OpenAPI writes it: `/v1/streams/{stream}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly isPublic?: true;
  /** Takes a one-use `?ticket=` in the place of a key, for clients that cannot send headers. */
  readonly takesTicket?: true;
  readonly params?: Params;
  readonly query?: Query;
  /** Headers that matter to this endpoint, for the description only. */
  readonly headers?: z.ZodObject;
  readonly body?: JsonBody<Body>;
  /** Takes any body as bytes, up to this many. */
  readonly rawBody?: { readonly maxBytes: number; readonly mediaTypes: readonly string[] };
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType }>>;
  readonly problems?: readonly number[];
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Response> | Response;
}

/** What a request may take until its answer begins (milliseconds); then it is 503, its outcome unknown. */
const MOST_TIME = 45_000;

/** Serves an endpoint and adds it to the description. Checks in the contract's order: authentication, then syntax; the rest is the handler's. */
export function serve<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  app: OpenAPIHono<ApiEnv>,
  endpoint: Endpoint<Params, Query, Body>,
): void {
  register(app, endpoint);
  app.on(endpoint.method.toUpperCase(), endpoint.path.replace(/\{(\w+)\}/g, ":$1"), async (context) => {
    const checked = await check(context, endpoint);
    return checked instanceof Response ? checked : within(MOST_TIME, `${endpoint.operationId}`, Promise.resolve(endpoint.handle(checked)));
  });
}

type Checked<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> = Call<z.output<Params>, z.output<Query>, z.output<Body>>;

async function check<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  context: Context<ApiEnv>,
  endpoint: Endpoint<Params, Query, Body>,
): Promise<Checked<Params, Query, Body> | Response> {
  const { services, correlationId, trace } = context.var;
  const request = context.req.raw;
  const principal = endpoint.isPublic ? NOBODY : ((endpoint.takesTicket ? await ticketHolder(request, services) : undefined) ?? authenticate(request, services));
  if (principal instanceof Response) return principal;
  const params = (endpoint.params ?? NO_FIELDS).safeParse(context.req.param());
  if (!params.success) return invalid(params.error);
  const query = (endpoint.query ?? NO_FIELDS).safeParse(context.req.query());
  if (!query.success) return invalid(query.error);
  const read = await readInput(request, endpoint);
  if (read instanceof Response) return read;
  // The schemas have just said so.
  return { request, services, correlationId, trace, principal, params: params.data, query: query.data, ...read } as unknown as Checked<Params, Query, Body>;
}

interface Input {
  readonly body: unknown;
  readonly bytes: Uint8Array;
  readonly texts: readonly JsonText[];
}

async function readInput(
  request: Request,
  { body, rawBody }: Pick<Endpoint<z.ZodObject, z.ZodObject, z.ZodType>, "body" | "rawBody">,
): Promise<Input | Response> {
  if (body) return jsonBody(request, body);
  const bytes = rawBody ? await readBody(request, rawBody.maxBytes) : NO_BYTES;
  return bytes instanceof Response ? bytes : { body: undefined, bytes, texts: [] };
}

const NOBODY: Principal = { tenant: "", actor: "" };
const NO_BYTES = new Uint8Array();
const NO_FIELDS = z.object({});

async function jsonBody(
  request: Request,
  { schema, maxBytes, pick = [], mediaTypes = ["application/json"] }: JsonBody<z.ZodType>,
): Promise<Input | Response> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const [wanted = "application/json"] = mediaTypes;
  if (type === undefined || !mediaTypes.includes(type)) {
    return problem({
      status: 415,
      code: "unsupported_media_type",
      detail: `Expected Content-Type: ${wanted}, got ${type ?? "none"}.`,
      headers: { accept: wanted },
    });
  }
  const bytes = await readBody(request, maxBytes);
  if (bytes instanceof Response) return bytes;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return problem({ status: 400, code: "invalid_encoding", detail: "The body is not UTF-8." });
  }
  const json = readJson(text, pick);
  if (!json.ok) {
    if ("syntax" in json) return problem({ status: 400, code: "invalid_json", detail: `The body is not JSON: ${json.syntax}` });
    return invalidInput([json.fault]);
  }
  const parsed = schema.safeParse(json.value);
  return parsed.success ? { body: parsed.data, bytes, texts: json.texts() } : invalid(parsed.error);
}

function invalid(error: z.ZodError): Response {
  return invalidInput(error.issues.map((issue) => ({ path: pathText(issue.path as (string | number)[]), message: issue.message })));
}

/** 422 with the places that are wrong. */
export function invalidInput(errors: readonly InputError[]): Response {
  const [first] = errors;
  const detail = first === undefined ? "The input is not valid." : `${first.path === "" ? "The input" : first.path}: ${first.message}`;
  return problem({ status: 422, code: "invalid_input", detail, errors });
}

/** Takes correlation and trace in; a bad one is ignored and made anew. */
export function requestContext(request: Request): RequestContext {
  const given = request.headers.get("x-correlation-id");
  const correlationId = given !== null && /^[A-Za-z0-9._~:-]{1,128}$/.test(given) ? given : uuid7(Date.now());
  return { correlationId, trace: continueTrace(request.headers.get("traceparent") ?? undefined, request.headers.get("tracestate") ?? undefined) };
}

function register<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  app: OpenAPIHono<ApiEnv>,
  endpoint: Endpoint<Params, Query, Body>,
): void {
  const { method, path, operationId, summary, tag, params, query, headers, body, rawBody, answers, problems = [] } = endpoint;
  const problemStatuses = [
    ...new Set([...(endpoint.isPublic ? [] : [401]), ...(params || query || body ? [422] : []), ...(body ? [400, 413, 415] : []), ...problems]),
  ];
  const content = body
    ? { "application/json": { schema: body.schema } }
    : rawBody && Object.fromEntries(rawBody.mediaTypes.map((type) => [type, { schema: z.any() }]));
  app.openAPIRegistry.registerPath({
    method,
    path,
    operationId,
    summary,
    tags: [tag],
    security: endpoint.isPublic ? [] : [{ key: [] }],
    request: { ...(params && { params }), ...(query && { query }), ...(headers && { headers }), ...(content && { body: { required: true, content } }) },
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, { description, schema }]) => [
        status,
        { description, ...(schema && { content: { "application/json": { schema } } }) },
      ]),
      ...problemStatuses.sort().map((status) => [status, { description: "A problem", content: { "application/problem+json": { schema: problemSchema } } }]),
    ]),
  });
}
