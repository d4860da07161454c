import type { StoredHop } from "./read-traces.ts";
import type { SpanRecord } from "./span.ts";

/** How often something was done, and how it went. */
export interface Traffic {
  readonly calls: number;
  readonly errors: number;
  readonly perMinute: number;
  /** Milliseconds. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Who calls whom. `from` is `client` where a request came from outside; a sink is named by its host. */
export interface TraceMap {
  readonly nodes: readonly (Traffic & { readonly service: string })[];
  readonly edges: readonly (Traffic & { readonly from: string; readonly to: string })[];
}

/** What stands before a host beyond the platform. */
const BEYOND = "→ ";

/** Makes the map of hops over so many minutes. */
export function mapOf(hops: readonly StoredHop[], minutes: number): TraceMap {
  const serviceOf = new Map<string, string>();
  for (const { trace, service, spans } of hops) for (const { spanId } of spans) serviceOf.set(`${trace}/${spanId}`, service);
  const nodes = new Map<string, SpanRecord[]>();
  const edges = new Map<string, { readonly from: string; readonly to: string; readonly spans: SpanRecord[] }>();
  const call = (from: string, to: string, span: SpanRecord): void => {
    const key = JSON.stringify([from, to]);
    const edge = edges.get(key) ?? { from, to, spans: [] };
    edge.spans.push(span);
    edges.set(key, edge);
  };
  for (const { trace, service, parent, isRemote, spans } of hops) {
    const [root] = spans as readonly [SpanRecord, ...SpanRecord[]];
    nodes.set(service, [...(nodes.get(service) ?? []), root]);
    const caller = parent === null || isRemote ? "client" : serviceOf.get(`${trace}/${parent}`);
    // Who called may not have been kept.
    if (caller !== undefined) call(caller, service, root);
    for (const span of spans) {
      const host = span.kind === "client" ? span.attributes["server.address"] : undefined;
      if (host !== undefined) call(service, `${BEYOND}${host}`, span);
    }
  }
  return {
    nodes: [...nodes].map(([service, spans]) => ({ service, ...trafficOf(spans, minutes) })).sort((one, other) => (one.service < other.service ? -1 : 1)),
    edges: [...edges.values()].map(({ from, to, spans }) => ({ from, to, ...trafficOf(spans, minutes) })).sort((one, other) => other.calls - one.calls),
  };
}

function trafficOf(spans: readonly SpanRecord[], minutes: number): Traffic {
  const durations = spans.map(({ durationMs }) => durationMs).sort((one, other) => one - other);
  return {
    calls: spans.length,
    errors: spans.filter(({ status }) => status === "error").length,
    perMinute: Math.round((spans.length / minutes) * 1_000) / 1_000,
    p50Ms: atShare(durations, 0.5),
    p95Ms: atShare(durations, 0.95),
  };
}

/** The nearest-rank percentile of sorted numbers. */
function atShare(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
