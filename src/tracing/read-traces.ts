import type { SpanRecord } from "./span.ts";

/** Hops of one trace that are shown at most. */
export const MOST_HOPS = 1_000;

/** Which traces are wanted; a field left out asks nothing. */
export interface TraceFilter {
  /** Of one of its hops; where a name is given too, of the same. */
  readonly service?: string;
  readonly name?: string;
  readonly status?: "ok" | "error";
  readonly minDurationMs?: number;
  /** Of one of its hops. */
  readonly correlationId?: string;
  /** Began at or after, and before: milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
}

/** A line of the list of traces. */
export interface TraceRow {
  readonly trace: string;
  readonly start: number;
  readonly duration: number;
  readonly is_error: number;
  readonly service: string;
  readonly name: string;
  readonly correlation: string | null;
  readonly spans: number;
}

/** Traces, the newest first, at most `limit`; `after` is the last one of the page before. */
export async function listTraces(
  db: D1Database,
  tenant: string,
  query: { readonly filter: TraceFilter; readonly limit: number; readonly after?: { readonly start: number; readonly trace: string } },
): Promise<readonly TraceRow[]> {
  const { filter, limit, after } = query;
  const params: unknown[] = [tenant];
  const bound = (value: unknown): string => `?${params.push(value)}`;
  const wanted = ["tenant = ?1"];
  if (filter.since !== undefined) wanted.push(`start >= ${bound(filter.since)}`);
  if (filter.until !== undefined) wanted.push(`start < ${bound(filter.until)}`);
  if (filter.status !== undefined) wanted.push(`is_error = ${bound(filter.status === "error" ? 1 : 0)}`);
  if (filter.minDurationMs !== undefined) wanted.push(`"end" - start >= ${bound(filter.minDurationMs)}`);
  if (after !== undefined) wanted.push(`(start, trace) < (${bound(after.start)}, ${bound(after.trace)})`);
  const ofHop: string[] = [];
  if (filter.service !== undefined) ofHop.push(`service = ${bound(filter.service)}`);
  if (filter.name !== undefined) ofHop.push(`name = ${bound(filter.name)}`);
  if (ofHop.length > 0) wanted.push(hopExists(ofHop));
  if (filter.correlationId !== undefined) wanted.push(hopExists([`correlation = ${bound(filter.correlationId)}`]));
  const sql = `
    SELECT trace, start, "end" - start AS duration, is_error, service, name, correlation,
           (SELECT coalesce(sum(size), 0) FROM hops WHERE hops.tenant = traces.tenant AND hops.trace = traces.trace) AS spans
    FROM traces WHERE ${wanted.join(" AND ")} ORDER BY start DESC, trace DESC LIMIT ${bound(limit)}`;
  const { results } = await db
    .prepare(sql)
    .bind(...params)
    .all<TraceRow>();
  return results;
}

function hopExists(wanted: readonly string[]): string {
  return `EXISTS (SELECT 1 FROM (SELECT service, name, correlation FROM hops WHERE hops.tenant = traces.tenant AND hops.trace = traces.trace) WHERE ${wanted.join(" AND ")})`;
}

/** A hop as it is kept. */
export interface StoredHop {
  readonly trace: string;
  readonly service: string;
  readonly parent: string | null;
  readonly isRemote: boolean;
  readonly start: number;
  readonly spans: readonly SpanRecord[];
}

interface HopRow {
  readonly trace: string;
  readonly service: string;
  readonly parent: string | null;
  readonly remote: number;
  readonly start: number;
  readonly spans: string;
}

/** A trace's hops in their order, one more than are shown at most. */
export async function readTrace(db: D1Database, tenant: string, trace: string): Promise<readonly StoredHop[]> {
  const { results } = await db
    .prepare("SELECT trace, service, parent, remote, start, spans FROM hops WHERE tenant = ?1 AND trace = ?2 ORDER BY start, hop LIMIT ?3")
    .bind(tenant, trace, MOST_HOPS + 1)
    .all<HopRow>();
  return results.map(hopOf);
}

/** A hop as a map is drawn of it. */
export interface HopOutline {
  readonly trace: string;
  readonly service: string;
  readonly parent: string | null;
  readonly isRemote: boolean;
  readonly durationMs: number;
  readonly isError: boolean;
  /** The ids of its spans. */
  readonly spanIds: readonly string[];
  /** What it asked of others beyond the platform. */
  readonly asked: readonly { readonly host: string; readonly durationMs: number; readonly isError: boolean }[];
}

/** Of each hop no more than is drawn: its spans as they are would be ten times as much. */
const OUTLINE = `
  SELECT trace, service, parent, remote, duration, is_error,
         (SELECT json_group_array(value ->> 'spanId') FROM json_each(spans)) AS ids,
         (SELECT json_group_array(json_array(value ->> '$.attributes."server.address"', value ->> 'durationMs', value ->> 'status' = 'error')) FROM json_each(spans)
          WHERE value ->> 'kind' = 'client' AND value ->> '$.attributes."server.address"' IS NOT NULL) AS asked
  FROM hops WHERE tenant = ?1 AND start >= ?2 AND start < ?3 ORDER BY start DESC LIMIT ?4`;

interface OutlineRow {
  readonly trace: string;
  readonly service: string;
  readonly parent: string | null;
  readonly remote: number;
  readonly duration: number;
  readonly is_error: number;
  readonly ids: string;
  readonly asked: string;
}

/** A tenant's newest hops of a time, at most `limit`. */
export async function readOutlines(
  db: D1Database,
  tenant: string,
  { since, until, limit }: { readonly since: number; readonly until: number; readonly limit: number },
): Promise<readonly HopOutline[]> {
  const { results } = await db.prepare(OUTLINE).bind(tenant, since, until, limit).all<OutlineRow>();
  return results.map(({ trace, service, parent, remote, duration, is_error, ids, asked }) => ({
    trace,
    service,
    parent,
    isRemote: remote === 1,
    durationMs: duration,
    isError: is_error === 1,
    spanIds: JSON.parse(ids) as readonly string[],
    asked: (JSON.parse(asked) as readonly [string, number, number][]).map(([host, durationMs, isError]) => ({ host, durationMs, isError: isError === 1 })),
  }));
}

function hopOf({ remote, spans, ...row }: HopRow): StoredHop {
  return { ...row, isRemote: remote === 1, spans: JSON.parse(spans) as readonly SpanRecord[] };
}

/** The tenant's own rate; undefined where it has the deployment's. */
export async function readRate(db: D1Database, tenant: string): Promise<number | undefined> {
  return (await db.prepare("SELECT rate FROM trace_rates WHERE tenant = ?1").bind(tenant).first<{ rate: number }>())?.rate;
}

/** Sets the tenant's own rate, from 0 to 1. */
export async function writeRate(db: D1Database, tenant: string, rate: number): Promise<void> {
  await db.prepare("INSERT INTO trace_rates (tenant, rate) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET rate = excluded.rate").bind(tenant, rate).run();
}
