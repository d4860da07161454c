// Longer than usual: how an endpoint is declared, and the checks before it in the contract's order, which must be read together.

import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { within } from "../deadline.ts";
import { type JsonText, pathText, readJson, uuid7 } from "../kernel/index.ts";
import { continueTrace, type TraceContext } from "../tracing/trace-context.ts";
import { ownHop, traced } from "../tracing/traced.ts";
import type { AnswerHeader } from "./answer-headers.ts";
import { auditDenial, audited } from "./audit.ts";
import { bodyText, mediaTypeOf } from "./body.ts";
import { mayBeCritical } from "./critical.ts";
import { describeEndpoint } from "./description.ts";
import { unlessKnown } from "./not-modified.ts";
import { authenticate, type Principal, ticketHolder } from "./principal.ts";
import { type InputError, problem } from "./problem.ts";
import { seeingRecent } from "./recent-writes.ts";
import { limited, type LimitHeaders, orCritical } from "./rate-limit.ts";
import { routedHop } from "./request-hop.ts";
import { type Asked, lacking, type Needed } from "./scope.ts";
import type { Services } from "./services.ts";
import { outOfBounds } from "./tenant-bounds.ts";
import { readSigned } from "./signed-principal.ts";

/** What every request carries, and every answer gives back. */
export interface RequestContext {
  readonly correlationId: string;
  readonly trace: TraceContext;
}

/** The Hono environment of the API. */
export type ApiEnv = {
  Variables: RequestContext & {
    readonly services: Services;
    readonly limit?: LimitHeaders;
    /** What was asked for, and whose it is, once that is known. */
    readonly operation?: string;
    readonly tenant?: string;
  };
};

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
  /** Whether all that it brings is critical. */
  isCritical?(body: z.output<Body>): boolean;
}

/** A body that an endpoint takes as bytes. */
export interface RawBody {
  readonly maxBytes: number;
  readonly mediaTypes: readonly string[];
  /** It may be left out. */
  readonly isOptional?: true;
  /** For the description; a media type without one may hold anything. */
  readonly schemas?: Readonly<Record<string, z.ZodType>>;
  /** Whether a request has such a body, by its headers: 415 where it has not. Left out, any body is one. */
  readonly isIn?: (headers: Headers) => boolean;
  /** Whether all that it brings is critical. */
  isCritical?(sent: Pick<Call<unknown, unknown, unknown>, "request" | "bytes">): boolean;
}

/** A further form of body beside `body`, with a handler of its own. */
export interface OtherBody<Params, Query> extends RawBody {
  readonly isIn: (headers: Headers) => boolean;
  readonly handle: (call: Call<Params, Query, undefined>) => Promise<Response> | Response;
}

/** What an endpoint answers with a status. */
export interface Answers {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Representations beside `application/json`, by media type. */
  readonly others?: Readonly<Record<string, z.ZodType>>;
  /** Headers of its own, beside those that follow from the kind of endpoint and answer; for the description only. */
  readonly headers?: readonly AnswerHeader[];
}

/** An endpoint: its schemas validate the request and describe it in /openapi.json. */
export interface Endpoint<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As OpenAPI writes it: `/v1/streams/{stream}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  /** What is needed to get in, checked before anything else of the request: nobody can forget it. */
  readonly scope: Needed;
  /** Where it follows from more than the path: asked in the place of `scope`, which then only describes it. */
  readonly scopeOf?: (asked: Asked) => Needed;
  /** Public, yet who proves himself counts in the limits of a tenant; for the description only. */
  readonly isLimited?: true;
  /** Takes a one-use `?ticket=` in the place of a key, for clients that cannot send headers. */
  readonly takesTicket?: true;
  readonly params?: Params;
  readonly query?: Query;
  /** Headers that matter to this endpoint, for the description only. */
  readonly headers?: z.ZodObject;
  readonly body?: JsonBody<Body>;
  readonly rawBody?: RawBody;
  readonly otherBody?: OtherBody<z.output<Params>, z.output<Query>>;
  readonly answers: Readonly<Record<number, Answers>>;
  readonly problems?: readonly number[];
  /** It answers an `ETag`, and so 304 where the client has it already; for the description only. */
  readonly notModified?: true;
  /** What it shows also moves without its ETag, which is the version for `If-Match`: it is never 304. */
  readonly isMoving?: true;
  /** Refuses those who may not, before query and body are read; undefined for all others. */
  readonly refuse?: (asked: Pick<Call<z.output<Params>, z.output<Query>, unknown>, "principal" | "params">) => Response | undefined;
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Response> | Response;
}

/** What a request may take until its answer begins (milliseconds); then it is 503, its outcome unknown. */
export const MOST_TIME = 45_000;

/** Serves an endpoint and adds it to the description. Checks in the contract's order: authentication, scope, syntax; the rest is the handler's. */
export function serve<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  app: OpenAPIHono<ApiEnv>,
  endpoint: Endpoint<Params, Query, Body>,
): void {
  describeEndpoint(app, endpoint);
  app.on(endpoint.method.toUpperCase(), endpoint.path.replace(/\{(\w+)\}/g, ":$1"), async (context) => {
    routedHop(endpoint.path);
    context.set("operation", endpoint.operationId);
    const other = endpoint.otherBody?.isIn(context.req.raw.headers) ? endpoint.otherBody : undefined;
    const checked = await check(context, endpoint, other ? { rawBody: other } : endpoint);
    if (checked instanceof Response) return checked;
    const answer = async (): Promise<Response> => (other ? other.handle({ ...checked, body: undefined }) : seeingRecent(checked, endpoint, endpoint.handle));
    const handle = (): Promise<Response> => (endpoint.method === "get" && !endpoint.isMoving ? unlessKnown(checked.request, answer()) : answer());
    // Who asks where everybody may is nobody: whom its handler has found out since, it answers for.
    if (endpoint.scope === "public") return within(MOST_TIME, endpoint.operationId, handle());
    return audited({ ...checked, endpoint }, () => within(MOST_TIME, endpoint.operationId, handle()));
  });
}

type Checked<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> = Call<z.output<Params>, z.output<Query>, z.output<Body>>;

async function check<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  context: Context<ApiEnv>,
  endpoint: Endpoint<Params, Query, Body>,
  input: BodyForms,
): Promise<Checked<Params, Query, Body> | Response> {
  // (`context.var` copies all that is set, each time.)
  const [services, correlationId, trace] = [context.get("services"), context.get("correlationId"), context.get("trace")];
  const request = context.req.raw;
  const principal =
    endpoint.scope === "public"
      ? NOBODY
      : ((endpoint.takesTicket ? await ticketHolder(request, services) : undefined) ?? (await traced("authenticate", () => authenticate(request, services))));
  if (principal instanceof Response) return principal;
  context.set("tenant", principal.tenant);
  if (principal !== NOBODY) ownHop(principal.tenant);
  const limit = await limited(services, principal);
  if (limit !== undefined) context.set("limit", limit.headers);
  const isCritical = criticalIn(input);
  if (limit?.refusal && !(isCritical && limit.isTenants === true && mayBeCritical(principal))) return limit.refusal;
  const asked = { params: context.req.param() as Record<string, string>, query: context.req.query(), services, principal };
  const forbidden = lacking(principal, endpoint.scopeOf?.(asked) ?? endpoint.scope, asked.params);
  if (forbidden) return auditDenial({ services, principal, endpoint }, forbidden);
  const outside = await outOfBounds(services, principal, endpoint);
  if (outside) return outside;
  const params = (endpoint.params ?? NO_FIELDS).safeParse(context.req.param());
  if (!params.success) return invalid(params.error);
  const refusal = endpoint.refuse?.({ principal, params: params.data as z.output<Params> });
  if (refusal) return auditDenial({ services, principal, endpoint }, refusal);
  const query = (endpoint.query ?? NO_FIELDS).safeParse(endpoint.query ? context.req.query() : {});
  if (!query.success) return invalid(query.error);
  const read = await readInput(request, input, principal.isSigned === true);
  if (read instanceof Response) return read;
  if (limit?.refusal) {
    const critical = (await orCritical(services, principal, limit, isCritical?.({ request, ...read }) === true)) ?? limit;
    context.set("limit", critical.headers);
    if (critical.refusal) return critical.refusal;
  }
  // The schemas have just said so.
  return { request, services, correlationId, trace, principal, params: params.data, query: query.data, ...read } as unknown as Checked<Params, Query, Body>;
}

interface Input {
  readonly body: unknown;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly texts: readonly JsonText[];
}

interface BodyForms {
  readonly body?: JsonBody<z.ZodType>;
  readonly rawBody?: RawBody;
}

/** How it is seen of a body of these forms that all it brings is critical; undefined where it never is. */
function criticalIn({ body, rawBody }: BodyForms): ((read: Input & { readonly request: Request }) => boolean) | undefined {
  if (body?.isCritical) return (read) => body.isCritical?.(read.body) === true;
  return rawBody?.isCritical && ((read) => rawBody.isCritical?.(read) === true);
}

async function readInput(request: Request, { body, rawBody }: BodyForms, isSigned: boolean): Promise<Input | Response> {
  if (body) return jsonBody(request, body, isSigned);
  if (rawBody?.isIn && !rawBody.isIn(request.headers)) return unsupportedType(request, rawBody.mediaTypes);
  const bytes = rawBody ? await readSigned(request, rawBody.maxBytes, isSigned) : NO_BYTES;
  return bytes instanceof Response ? bytes : { body: undefined, bytes, texts: [] };
}

function unsupportedType(request: Request, wanted: readonly string[]): Response {
  return problem({
    status: 415,
    code: "unsupported_media_type",
    detail: `Expected Content-Type: ${wanted[0]}, got ${mediaTypeOf(request.headers) ?? "none"}.`,
    headers: { accept: wanted.join(", ") },
  });
}

/** Who asks at a public endpoint. */
const NOBODY: Principal = { tenant: "", actor: "", scopes: [] };
const NO_BYTES = new Uint8Array();
const NO_FIELDS = z.object({});

async function jsonBody(request: Request, form: JsonBody<z.ZodType>, isSigned: boolean): Promise<Input | Response> {
  const { schema, maxBytes, pick = [], mediaTypes = ["application/json"] } = form;
  const type = mediaTypeOf(request.headers);
  if (type === undefined || !mediaTypes.includes(type)) return unsupportedType(request, mediaTypes);
  const bytes = await readSigned(request, maxBytes, isSigned);
  if (bytes instanceof Response) return bytes;
  const text = bodyText(bytes);
  if (text instanceof Response) return text;
  const json = readJson(text, pick);
  if (!json.ok) return "syntax" in json ? notJson(json.syntax) : invalidInput([json.fault]);
  const parsed = schema.safeParse(json.value);
  return parsed.success ? { body: parsed.data, bytes, texts: json.texts() } : invalid(parsed.error);
}

function invalid(error: z.ZodError): Response {
  return invalidInput(error.issues.map((issue) => ({ path: pathText(issue.path as (string | number)[]), message: issue.message })));
}

/** 400: the body is no JSON, and why. */
export function notJson(reason: string): Response {
  return problem({ status: 400, code: "invalid_json", detail: `The body is not JSON: ${reason}` });
}

/** Places that one answer names: what comes in large must not come back larger. */
const MOST_ERRORS = 20;

/** 422 with the places that are wrong. */
export function invalidInput(errors: readonly InputError[]): Response {
  const [first] = errors;
  const shown = errors
    .slice(0, MOST_ERRORS)
    .map(({ path, message }) => ({ path, message: message.length > 500 ? `${message.slice(0, 500).toWellFormed()}…` : message }));
  const detail = first === undefined ? "The input is not valid." : `${first.path === "" ? "The input" : first.path}: ${first.message}`;
  return problem({ status: 422, code: "invalid_input", detail: detail.slice(0, 1_000).toWellFormed(), errors: shown });
}

/** Takes correlation and trace in; a bad one is ignored and made anew. */
export function requestContext(request: Request): RequestContext {
  const given = request.headers.get("x-correlation-id");
  const correlationId = given !== null && /^[A-Za-z0-9._~:-]{1,128}$/.test(given) ? given : uuid7(Date.now());
  return { correlationId, trace: continueTrace(request.headers.get("traceparent") ?? undefined, request.headers.get("tracestate") ?? undefined) };
}
