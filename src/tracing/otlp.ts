import type { Attributes, AttributeValue, SpanKind, SpanRecord } from "./span.ts";

/** Spans of one service of one tenant. */
export interface ServiceSpans {
  readonly traceId: string;
  readonly service: string;
  readonly tenant: string;
  readonly spans: readonly SpanRecord[];
}

/** Span.SpanKind of opentelemetry/proto/trace/v1/trace.proto. */
const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
/** Status.StatusCode there. */
const CODES: Readonly<Record<SpanRecord["status"], number>> = { unset: 0, ok: 1, error: 2 };
/** The instrumentation scope's name. */
const SCOPE = "rivulet";

/**
 * Hops as an ExportTraceServiceRequest in OTLP's JSON encoding (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids
 * as hexadecimal digits, enums as numbers, 64-bit numbers as strings.
 */
export function otlpOf(hops: readonly ServiceSpans[]) {
  const byResource = new Map<string, { readonly service: string; readonly tenant: string; readonly spans: object[] }>();
  for (const { traceId, service, tenant, spans } of hops) {
    const key = `${tenant}/${service}`;
    const resource = byResource.get(key) ?? { service, tenant, spans: [] };
    resource.spans.push(...spans.map((span) => otlpSpan(traceId, span)));
    byResource.set(key, resource);
  }
  return {
    resourceSpans: [...byResource.values()].map(({ service, tenant, spans }) => ({
      resource: { attributes: attributesOf({ "service.name": service, "service.namespace": "rivulet", "rivulet.tenant": tenant }) },
      scopeSpans: [{ scope: { name: SCOPE }, spans }],
    })),
  };
}

function otlpSpan(traceId: string, { spanId, parentSpanId, name, kind, start, durationMs, status, error, attributes, events, links }: SpanRecord) {
  return {
    traceId,
    spanId,
    ...(parentSpanId !== null && { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(start + durationMs),
    attributes: attributesOf(attributes),
    events: events.map(({ name, time, attributes }) => ({ timeUnixNano: nanoseconds(time), name, attributes: attributesOf(attributes) })),
    links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    status: { code: CODES[status], ...(error !== undefined && { message: error }) },
  };
}

function attributesOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: AttributeValue) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function nanoseconds(milliseconds: number): string {
  return `${BigInt(Math.round(milliseconds * 1_000)) * 1_000n}`;
}
