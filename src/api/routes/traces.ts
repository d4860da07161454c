import { z } from "@hono/zod-openapi";
import { otlpOf } from "../../tracing/otlp.ts";
import { listTraces, MOST_HOPS, readOutlines, readRate, readTrace, type TraceRow, writeRate } from "../../tracing/read-traces.ts";
import { mapOf } from "../../tracing/trace-map.ts";
import { json } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Endpoint } from "../endpoint.ts";
import { notFound, problem } from "../problem.ts";
import { correlation, cursor, limit, page, time, wholeNumber } from "../schemas.ts";
import { missingOf, spanShown, traceShown } from "../traces/shown.ts";

const TAG = "Observability";
const SCOPE = "traces:read";
/** The longest time that is drawn as one map (milliseconds), and the time where none is said. */
const LONGEST_MAP = 7 * 86_400_000;
const USUAL_MAP = 3_600_000;
/** Hops that a map is drawn of at most: the newest. */
const MOST_OF_MAP = 2_000;

const name = z.string().min(1).max(500);
const query = z.object({
  limit,
  cursor,
  service: name.optional().describe("Of one of its hops, as `api`, `aggregate:order`, `handler:payments`"),
  name: name.optional().describe("Of one of its hops; with `service`, of the same"),
  status: z.enum(["ok", "error"]).optional(),
  minDurationMs: wholeNumber(0, 1_000_000_000_000).optional(),
  correlationId: correlation.optional(),
  since: time.optional(),
  until: time.optional(),
});
const row = z
  .object({
    traceId: z.string(),
    service: z.string(),
    name: z.string(),
    start: z.string(),
    durationMs: z.number(),
    status: z.enum(["ok", "error"]),
    correlationId: z.string().nullable(),
    spans: z.int(),
  })
  .openapi("TraceSummary");

const after = z.object({ start: z.int(), trace: z.string() });

export const listTracesEndpoint: Endpoint<z.ZodObject, typeof query, z.ZodType> = {
  method: "get",
  path: "/v1/traces",
  operationId: "listTraces",
  scope: SCOPE,
  summary: "The traces that were kept, the newest first; `service`, `name`, `correlationId` are those of the hop that began first",
  tag: TAG,
  query,
  answers: { 200: { description: "A page of traces", schema: page(row) } },
  problems: [422, 503],
  async handle({ services, principal: { tenant }, query: { limit, cursor, since, until, service, name, status, minDurationMs, correlationId } }) {
    if (services.traces === undefined) return switchedOff();
    const resumed = readCursor("traces", after, cursor);
    if (resumed instanceof Response) return resumed;
    const filter = {
      ...(service !== undefined && { service }),
      ...(name !== undefined && { name }),
      ...(status !== undefined && { status }),
      ...(minDurationMs !== undefined && { minDurationMs }),
      ...(correlationId !== undefined && { correlationId }),
      ...(since !== undefined && { since: Date.parse(since) }),
      ...(until !== undefined && { until: Date.parse(until) }),
    };
    const found = await listTraces(services.traces.db, tenant, { filter, limit: limit + 1, ...(resumed && { after: resumed }) });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const next = found.length > limit && last ? writeCursor("traces", { start: last.start, trace: last.trace }) : null;
    return json({ items: items.map(rowShown), next });
  },
};

function rowShown({ trace, service, name, start, duration, is_error, correlation, spans }: TraceRow) {
  return {
    traceId: trace,
    service,
    name,
    start: new Date(start).toISOString(),
    durationMs: duration,
    status: is_error === 1 ? "error" : "ok",
    correlationId: correlation,
    spans,
  };
}

const params = z.object({ traceId: z.string().regex(/^[0-9a-f]{32}$/, "Expected 32 hexadecimal digits") });
const form = z.object({ format: z.enum(["json", "otlp"]).optional() });
const otlp = z.looseObject({ resourceSpans: z.array(z.any()) });

export const oneTrace: Endpoint<typeof params, typeof form, z.ZodType> = {
  method: "get",
  path: "/v1/traces/{traceId}",
  operationId: "getTrace",
  scope: SCOPE,
  summary: "A trace: its spans in their order; with `format=otlp` as an ExportTraceServiceRequest in JSON",
  tag: TAG,
  params,
  query: form,
  answers: { 200: { description: "The trace", schema: z.union([traceShown, otlp]) } },
  problems: [404, 422, 503],
  async handle({ services, principal: { tenant }, params: { traceId }, query: { format } }) {
    if (services.traces === undefined) return switchedOff();
    const hops = await readTrace(services.traces.db, tenant, traceId);
    if (hops.length === 0) return notFound(`There is no trace ${traceId}: it was not kept, or is gone.`);
    const shown = hops.slice(0, MOST_HOPS);
    if (format === "otlp") return json(otlpOf(shown.map((hop) => ({ ...hop, traceId, tenant }))));
    const spans = shown.flatMap(({ service, spans }) => spans.map((span) => ({ service, span }))).sort((one, other) => one.span.start - other.span.start);
    return json({ traceId, spans: spans.map(spanShown), missing: missingOf(shown), truncated: hops.length > MOST_HOPS });
  },
};

const span = z.object({ since: time.optional(), until: time.optional() });
const traffic = { calls: z.int(), errors: z.int(), perMinute: z.number(), p50Ms: z.number(), p95Ms: z.number() };
const mapShown = z
  .object({
    since: z.string(),
    until: z.string(),
    nodes: z.array(z.object({ service: z.string(), ...traffic })),
    edges: z.array(z.object({ from: z.string(), to: z.string(), ...traffic })),
    truncated: z.boolean(),
  })
  .openapi("TraceMap");

export const traceMap: Endpoint<z.ZodObject, typeof span, z.ZodType> = {
  method: "get",
  path: "/v1/traces/map",
  operationId: "getTraceMap",
  scope: SCOPE,
  summary:
    "Who calls whom, how often and how fast, by the traces that were kept; of the last hour where no time is said, and of 7 days at most: the answer says of which",
  tag: TAG,
  query: span,
  answers: { 200: { description: "The map", schema: mapShown } },
  problems: [422, 503],
  async handle({ services, principal: { tenant }, query }) {
    if (services.traces === undefined) return switchedOff();
    const until = query.until === undefined ? Date.now() + 1 : Date.parse(query.until);
    const asked = query.since === undefined ? until - USUAL_MAP : Date.parse(query.since);
    const since = Math.min(Math.max(asked, until - LONGEST_MAP), until - 1);
    const hops = await readOutlines(services.traces.db, tenant, { since, until, limit: MOST_OF_MAP + 1 });
    const drawn = mapOf(hops.slice(0, MOST_OF_MAP), (until - since) / 60_000);
    return json({ since: new Date(since).toISOString(), until: new Date(until).toISOString(), ...drawn, truncated: hops.length > MOST_OF_MAP });
  },
};

const rateShown = z.object({ rate: z.number().min(0).max(1), isOwn: z.boolean() }).openapi("TraceRate");
const newRate = z.strictObject({ rate: z.number().min(0).max(1) }).openapi("NewTraceRate", { example: { rate: 0.1 } });

export const getTraceRate: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/traces/rate",
  operationId: "getTraceRate",
  scope: SCOPE,
  summary: "The share of new traces that is kept; `isOwn` where the tenant has said so",
  tag: TAG,
  answers: { 200: { description: "The rate", schema: rateShown } },
  problems: [503],
  async handle({ services, principal: { tenant } }) {
    if (services.traces === undefined) return switchedOff();
    const own = await readRate(services.traces.db, tenant);
    return json({ rate: own ?? services.traces.rate, isOwn: own !== undefined });
  },
};

export const putTraceRate: Endpoint<z.ZodObject, z.ZodObject, typeof newRate> = {
  method: "put",
  path: "/v1/traces/rate",
  operationId: "putTraceRate",
  scope: "admin:traces",
  summary: "Set the share of new traces that is kept, from 0 to 1; it holds everywhere within some seconds",
  tag: TAG,
  body: { schema: newRate, maxBytes: 16_384 },
  answers: { 200: { description: "The rate", schema: rateShown } },
  problems: [503],
  async handle({ services, principal: { tenant }, body: { rate } }) {
    if (services.traces === undefined) return switchedOff();
    await writeRate(services.traces.db, tenant, rate);
    return json({ rate, isOwn: true });
  },
};

function switchedOff(): Response {
  return problem({
    status: 503,
    code: "tracing_off",
    detail: "The deployment has no database for telemetry: no trace is kept here.",
    headers: { "retry-after": "60" },
  });
}
