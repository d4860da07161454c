import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { DeadlineError } from "../deadline.ts";
import type { Module } from "../kernel/index.ts";
import { traceparentOf } from "../tracing/trace-context.ts";
import { within } from "../tracing/traced.ts";
import { TenantKeyDestroyed } from "../webhooks/seal.ts";
import { json } from "./answer.ts";
import { letRead, notAllowed, options } from "./cross-origin.ts";
import { describedBy } from "./docs/described-by.ts";
import { type ApiEnv, type Endpoint, requestContext, serve } from "./endpoint.ts";
import { guard } from "./guarding-headers.ts";
import { observed } from "./observed.ts";
import { authenticate } from "./principal.ts";
import { problem } from "./problem.ts";
import { aggregateEndpoints } from "./routes/aggregates.ts";
import { headRefusal } from "./request-head.ts";
import { alertRules, alerts, deleteAlertRule, getAlertRule, putAlertRule, silenceAlert } from "./routes/alerts.ts";
import { appendEvents } from "./routes/append.ts";
import { appendCloudEvents } from "./routes/cloudevents.ts";
import { answeredHop, requestHop } from "./request-hop.ts";
import { getCorrelation } from "./routes/correlations.ts";
import { liveLog, liveStream, makeTicket } from "./routes/live.ts";
import { eventTypes, oneEvent, wholeLog } from "./routes/log.ts";
import { closeStream, patchStream } from "./routes/lifecycle.ts";
import { createIssuer, deleteIssuer, getIssuer, issuers } from "./routes/issuers.ts";
import { createKey, getKey, keys, revokeKey } from "./routes/keys.ts";
import { metricsJson, metricsText } from "./routes/metrics.ts";
import { rotateKey } from "./routes/rotate-key.ts";
import { getOrigins, putOrigins } from "./routes/origins.ts";
import { oneProjection, projections, rebuildProjection, rollBackProjection } from "./routes/projections.ts";
import { reconcileObjects } from "./routes/reconcile.ts";
import { resealSecrets } from "./routes/reseal.ts";
import { deleteRole, getRole, putRole, roles } from "./routes/roles.ts";
import { deleteSource, getSource, putSource, sources } from "./routes/sources.ts";
import { directory, getStream, readStream, verifyStream } from "./routes/streams.ts";
import { boundTenant } from "./routes/tenant-bounds.ts";
import { deleteTenant } from "./routes/tenant-deletion.ts";
import { createTenant, getTenant, resumeTenant, suspendTenant, tenants } from "./routes/tenants.ts";
import { listTracesEndpoint, oneTrace, putTraceRate, getTraceRate, traceMap } from "./routes/traces.ts";
import { viewEndpoints } from "./routes/views.ts";
import { receiveWebhook } from "./routes/webhooks.ts";
import { serveSagas } from "./routes/sagas.ts";
import { serveFollowers } from "./routes/serve-followers.ts";
import type { Services } from "./services.ts";
import { serveSubtitles } from "./subtitles/serve.ts";
import { deleted } from "./tenant-standing.ts";

/** The platform's version, as /health and /openapi.json give it. */
export const VERSION = "0.1.0";

const health: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/health",
  operationId: "getHealth",
  scope: "public",
  summary: "Whether the platform answers",
  tag: "Platform",
  answers: { 200: { description: "It does", schema: z.object({ status: z.literal("ok"), version: z.string() }) } },
  handle: () => json({ status: "ok", version: VERSION }),
};

/** Every endpoint there is: the platform's own, and what follows from the domains. */
function serveAll(app: OpenAPIHono<ApiEnv>, modules: readonly Module[]): void {
  for (const decider of modules.flatMap(({ deciders }) => deciders)) for (const endpoint of aggregateEndpoints(decider)) serve(app, endpoint);
  for (const projection of modules.flatMap(({ projections }) => projections)) for (const endpoint of viewEndpoints(projection)) serve(app, endpoint);
  serve(app, health);
  serve(app, appendEvents);
  serve(app, readStream);
  serve(app, verifyStream);
  serve(app, getStream);
  serve(app, closeStream);
  serve(app, patchStream);
  serve(app, directory);
  serve(app, liveStream);
  serve(app, liveLog);
  serve(app, makeTicket);
  serve(app, appendCloudEvents);
  serve(app, wholeLog);
  serve(app, oneEvent);
  serve(app, eventTypes);
  serve(app, getCorrelation);
  serve(app, projections);
  serve(app, oneProjection);
  serve(app, rebuildProjection);
  serve(app, rollBackProjection);
  serve(app, putSource);
  serve(app, getSource);
  serve(app, deleteSource);
  serve(app, sources);
  serve(app, receiveWebhook);
  serve(app, createKey);
  serve(app, keys);
  serve(app, getKey);
  serve(app, revokeKey);
  serve(app, rotateKey);
  serve(app, createTenant);
  serve(app, tenants);
  serve(app, getTenant);
  serve(app, suspendTenant);
  serve(app, resumeTenant);
  serve(app, deleteTenant);
  serve(app, boundTenant);
  serve(app, createIssuer);
  serve(app, issuers);
  serve(app, getIssuer);
  serve(app, deleteIssuer);
  serve(app, putRole);
  serve(app, roles);
  serve(app, getRole);
  serve(app, deleteRole);
  serve(app, putOrigins);
  serve(app, getOrigins);
  serve(app, reconcileObjects);
  serve(app, resealSecrets);
  serve(app, listTracesEndpoint);
  serve(app, traceMap);
  serve(app, getTraceRate);
  serve(app, putTraceRate);
  serve(app, oneTrace);
  serve(app, metricsJson);
  serve(app, metricsText);
  serve(app, putAlertRule);
  serve(app, getAlertRule);
  serve(app, alertRules);
  serve(app, deleteAlertRule);
  serve(app, alerts);
  serve(app, silenceAlert);
  serveFollowers(app);
  serveSagas(app);
  serveSubtitles(app);
}

/** The HTTP API over these services. */
export function api(servicesOf: () => Services, modules: readonly Module[]): (request: Request, context?: ExecutionContext) => Promise<Response> {
  const app = new OpenAPIHono<ApiEnv>();
  app.use(async (context, next) => {
    const at = Date.now();
    const { correlationId, trace } = requestContext(context.req.raw);
    const services = servicesOf();
    context.set("services", services);
    context.set("correlationId", correlationId);
    context.set("trace", trace);
    const tracer = services.tracer?.for(waitUntilOf(context));
    const hop = tracer?.begin(requestHop(context.req.raw, { correlationId, trace }));
    const refusal = headRefusal(context.req.raw);
    if (refusal) context.res = refusal;
    // Two Host headers, for one, make an address of nothing.
    else if (URL.canParse(context.req.raw.url)) await (hop === undefined ? next() : within(hop.root, next));
    else context.res = problem({ status: 400, code: "invalid_address", detail: "Expected one Host, and an address that is a URL." });
    await letRead(context.req.raw, context.res, { tenant: context.get("tenant"), services });
    guard(context.res.headers, context.req.raw);
    context.res.headers.set("x-correlation-id", correlationId);
    if (hop !== undefined) answeredHop(hop, context.res.status);
    context.res.headers.set("traceresponse", traceparentOf(hop === undefined ? trace : { ...trace, flags: hop.flags }));
    for (const [name, value] of Object.entries(context.get("limit") ?? {})) context.res.headers.set(name, value);
    if (hop !== undefined) tracer?.end(hop);
    services.observe?.(observed(context, at, Date.now()));
  });
  serveAll(app, modules);
  for (const endpoint of describedBy(app, VERSION, modules)) serve(app, endpoint);
  const methods = methodsByPath(app);
  for (const [path, allowed] of methods) {
    app.all(path, ({ req: { raw } }) => (raw.method === "OPTIONS" ? options(raw, allowed) : notAllowed(raw, allowed)));
  }
  app.notFound(async (context) => {
    const principal = await authenticate(context.req.raw, context.get("services"));
    if (principal instanceof Response) return principal;
    return problem({
      status: 404,
      code: "not_found",
      detail: `There is nothing at ${context.req.path}. What there is, GET /docs shows, and GET /openapi.json to machines.`,
    });
  });
  app.onError((fault: Error & { code?: unknown }) => {
    if (fault.code === "secret_unavailable") {
      console.error("api: a secret could not be sealed or opened", String(fault));
      return problem({
        status: 503,
        code: "secret_unavailable",
        detail: "The deployment has no MASTER_KEY, or another than the one that the secret was sealed under.",
        headers: { "retry-after": "60" },
      });
    }
    if (fault instanceof TenantKeyDestroyed) return deleted(fault.tenant);
    if (isOverload(fault)) {
      console.warn("api: overloaded", String(fault));
      return problem({ status: 503, code: "overloaded", detail: `${UNAVAILABLE} ${UNKNOWN}`, headers: { "retry-after": "1" } });
    }
    console.error("api: a request failed", fault);
    return problem({
      status: 500,
      code: "internal",
      detail: `The platform failed. ${UNKNOWN}`,
    });
  });
  return async (request, context) => app.fetch(request, undefined, context);
}

/** The invocation's `waitUntil`; a test may ask without an invocation. */
function waitUntilOf(context: Context<ApiEnv>): ((work: Promise<unknown>) => void) | undefined {
  try {
    const { executionCtx } = context;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return undefined;
  }
}

const UNAVAILABLE = "A part of the platform is overloaded or does not answer.";
const UNKNOWN = "A write may or may not have happened: repeat it with the same Idempotency-Key.";

/** Whether a fault is one of load or of time rather than of code: worth trying again. */
function isOverload(fault: Error & { overloaded?: boolean; retryable?: boolean }): boolean {
  if (fault instanceof DeadlineError || fault.overloaded === true || fault.retryable === true) return true;
  return /D1_ERROR.*(overloaded|timed? ?out|Network connection lost|reset because)/i.test(String(fault));
}

/** Which methods each path answers, HEAD and OPTIONS among them. */
function methodsByPath(app: OpenAPIHono<ApiEnv>): ReadonlyMap<string, readonly string[]> {
  const byPath = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === "ALL") continue;
    const methods = byPath.get(path) ?? new Set(["OPTIONS"]);
    methods.add(method);
    if (method === "GET") methods.add("HEAD");
    byPath.set(path, methods);
  }
  return new Map([...byPath].map(([path, methods]) => [path, [...methods].sort()]));
}
