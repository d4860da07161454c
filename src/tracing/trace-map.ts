import type { HopOutline } from "./read-traces.ts";

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

/** One time that something was done. */
interface Done {
  readonly durationMs: number;
  readonly isError: boolean;
}

/** Makes the map of hops over so many minutes. */
export function mapOf(hops: readonly HopOutline[], minutes: number): TraceMap {
  const serviceOf = new Map<string, string>();
  for (const { trace, service, spanIds } of hops) for (const id of spanIds) serviceOf.set(`${trace}/${id}`, service);
  const nodes = new Map<string, Done[]>();
  const edges = new Map<string, { readonly from: string; readonly to: string; readonly all: Done[] }>();
  const call = (from: string, to: string, done: Done): void => {
    const key = JSON.stringify([from, to]);
    const edge = edges.get(key) ?? { from, to, all: [] };
    edge.all.push(done);
    edges.set(key, edge);
  };
  for (const hop of hops) {
    const { trace, service, parent, isRemote, asked } = hop;
    const known = nodes.get(service);
    if (known === undefined) nodes.set(service, [hop]);
    else known.push(hop);
    const caller = parent === null || isRemote ? "client" : serviceOf.get(`${trace}/${parent}`);
    // Who called may not have been kept.
    if (caller !== undefined) call(caller, service, hop);
    for (const one of asked) call(service, `${BEYOND}${one.host}`, one);
  }
  return {
    nodes: [...nodes].map(([service, all]) => ({ service, ...trafficOf(all, minutes) })).sort((one, other) => (one.service < other.service ? -1 : 1)),
    edges: [...edges.values()].map(({ from, to, all }) => ({ from, to, ...trafficOf(all, minutes) })).sort((one, other) => other.calls - one.calls),
  };
}

function trafficOf(all: readonly Done[], minutes: number): Traffic {
  const durations = all.map(({ durationMs }) => durationMs).sort((one, other) => one - other);
  return {
    calls: all.length,
    errors: all.filter(({ isError }) => isError).length,
    perMinute: Math.round((all.length / minutes) * 1_000) / 1_000,
    p50Ms: atShare(durations, 0.5),
    p95Ms: atShare(durations, 0.95),
  };
}

/** The nearest-rank percentile of sorted numbers. */
function atShare(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
