import { z } from "@hono/zod-openapi";
import type { StoredHop } from "../../tracing/read-traces.ts";
import type { SpanRecord } from "../../tracing/span.ts";

const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const span = z
  .object({
    spanId: z.string(),
    parentSpanId: z.string().nullable(),
    service: z.string(),
    name: z.string(),
    kind: z.enum(["internal", "server", "client", "producer", "consumer"]),
    start: z.string(),
    durationMs: z.number(),
    status: z.enum(["unset", "ok", "error"]),
    error: z.string().optional(),
    attributes,
    events: z.array(z.object({ name: z.string(), time: z.string(), attributes })),
    links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  })
  .openapi("Span");

/** A trace as it is shown. `missing`: spans that others have for their parents, and that were not kept. */
export const traceShown = z.object({ traceId: z.string(), spans: z.array(span), missing: z.array(z.string()), truncated: z.boolean() }).openapi("Trace");

/** A span as it is shown. */
export function spanShown({ service, span }: { readonly service: string; readonly span: SpanRecord }) {
  const { spanId, parentSpanId, start, events, ...rest } = span;
  const times = (time: number): string => new Date(time).toISOString();
  return { spanId, parentSpanId, service, ...rest, start: times(start), events: events.map((event) => ({ ...event, time: times(event.time) })) };
}

/** Parents that are not there, though they are the platform's: their hops ended before the trace was worth keeping. A client's own spans are nobody's loss. */
export function missingOf(hops: readonly StoredHop[]): readonly string[] {
  const known = new Set(hops.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)));
  const wanted = hops.flatMap(({ parent, isRemote }) => (parent === null || isRemote || known.has(parent) ? [] : [parent]));
  return [...new Set(wanted)];
}
