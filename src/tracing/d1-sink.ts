import { Buffer } from "node:buffer";
import { cutDown } from "./cut-down.ts";
import type { HopRecord } from "./hop.ts";
import type { TraceSink } from "./recorder.ts";

/** How much is kept of a tenant's traces: hops, and for how long (milliseconds). */
export interface TraceRetention {
  readonly hops: number;
  readonly age: number;
}

export const RETENTION: TraceRetention = { hops: 20_000, age: 7 * 86_400_000 };
/** Bytes of rows that go as one parameter; D1 takes 2 MB. */
const MOST_BYTES = 900_000;
/** Bytes of a row beside its spans. */
const MOST_BESIDE = 20_000;
/** How often (milliseconds) an isolate takes away what a tenant has too much. */
const CLEANED = 60_000;

/** What writing needs beside the database. */
export interface D1SinkParts {
  readonly now: () => number;
  readonly retention: TraceRetention;
  /** When tenants were cleaned last, by this isolate. */
  readonly cleaned: Map<string, number>;
  /** What was read: a tenant's own rate, undefined where it has none. */
  readonly learn: (tenant: string, rate: number | undefined) => void;
}

/** A tenant that was deleted is marked by a rate below 0. */
const IS_THERE = "NOT EXISTS (SELECT 1 FROM trace_rates WHERE trace_rates.tenant = value ->> 0 AND rate < 0)";

const INSERT_HOPS = `
  INSERT OR IGNORE INTO hops (tenant, trace, hop, parent, remote, service, name, start, duration, is_error, correlation, size, spans)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
  FROM jsonb_each(?1) WHERE ${IS_THERE}`;

const UPSERT_TRACES = `
  INSERT INTO traces (tenant, trace, start, "end", is_error, service, name, correlation)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM jsonb_each(?1) WHERE ${IS_THERE}
  ON CONFLICT (tenant, trace) DO UPDATE SET
    service = CASE WHEN excluded.start < start THEN excluded.service ELSE service END,
    name = CASE WHEN excluded.start < start THEN excluded.name ELSE name END,
    correlation = CASE WHEN excluded.start < start THEN excluded.correlation ELSE correlation END,
    start = min(start, excluded.start), "end" = max("end", excluded."end"), is_error = max(is_error, excluded.is_error)`;

const DELETE_HOPS = `
  DELETE FROM hops WHERE tenant = ?1 AND start <= max(?2, coalesce((SELECT start FROM hops WHERE tenant = ?1 ORDER BY start DESC LIMIT 1 OFFSET ?3), 0))`;

const DELETE_TRACES = `
  DELETE FROM traces WHERE tenant = ?1 AND start <= coalesce((SELECT min(start) FROM hops WHERE tenant = ?1), ?2)
    AND NOT EXISTS (SELECT 1 FROM hops WHERE hops.tenant = traces.tenant AND hops.trace = traces.trace)`;

/** Writes what is to be shown: all of a flush in one transaction, with what the tenants have too much taken away, and their rates read. Written twice it is there once. */
export function d1Sink(db: D1Database, parts: D1SinkParts): TraceSink {
  return {
    name: "D1",
    async write(given, tenants) {
      const { now, retention, cleaned } = parts;
      const [placed, left] = placedOf(given);
      const hops = placed.map(({ hop }) => hop);
      const statements = chunksOf(placed.map(({ row }) => row)).map((rows) => db.prepare(INSERT_HOPS).bind(rows));
      if (hops.length > 0) statements.push(db.prepare(UPSERT_TRACES).bind(JSON.stringify(tracesOf(hops))));
      for (const tenant of new Set(hops.map(({ tenant }) => tenant))) {
        if (now() - (cleaned.get(tenant) ?? Number.NEGATIVE_INFINITY) < CLEANED) continue;
        if (cleaned.size > 10_000) cleaned.clear();
        cleaned.set(tenant, now());
        statements.push(db.prepare(DELETE_HOPS).bind(tenant, now() - retention.age, retention.hops), db.prepare(DELETE_TRACES).bind(tenant, now()));
      }
      if (tenants.length > 0)
        statements.push(db.prepare("SELECT tenant, rate FROM trace_rates WHERE tenant IN (SELECT value FROM json_each(?1))").bind(JSON.stringify(tenants)));
      if (statements.length === 0) return left;
      const results = await db.batch<{ tenant: string; rate: number }>(statements);
      if (tenants.length === 0) return left;
      const rates = new Map(results.at(-1)?.results.map(({ tenant, rate }) => [tenant, rate]));
      for (const tenant of tenants) parts.learn(tenant, rates.get(tenant));
      return left;
    },
  };
}

interface Placed {
  readonly hop: HopRecord;
  readonly row: string;
}

/** Hops with their rows; what is too large loses what its spans say of themselves, and what is too large even then is left. */
function placedOf(hops: readonly HopRecord[]): readonly [readonly Placed[], readonly HopRecord[]] {
  const placed: Placed[] = [];
  const left: HopRecord[] = [];
  for (const hop of hops) {
    let row = hopRow(hop);
    if (isTooLarge(row)) row = hopRow({ ...hop, spans: cutDown(hop.spans, MOST_BYTES - MOST_BESIDE) });
    if (isTooLarge(row)) left.push(hop);
    else placed.push({ hop, row });
  }
  return [placed, left];
}

function isTooLarge(row: string): boolean {
  // A character is three bytes at most: most rows need not be counted.
  return row.length * 3 > MOST_BYTES && Buffer.byteLength(row) > MOST_BYTES;
}

function hopRow({ tenant, traceId, service, correlationId, isEntry, spans }: HopRecord): string {
  const [{ spanId, parentSpanId, name, start, durationMs }] = spans;
  const isRemote = isEntry && parentSpanId !== null ? 1 : 0;
  const size = spans.length;
  return JSON.stringify([
    tenant,
    traceId,
    spanId,
    parentSpanId,
    isRemote,
    service,
    name,
    Math.floor(start),
    Math.ceil(durationMs),
    hasFailed(spans) ? 1 : 0,
    correlationId ?? null,
    size,
    JSON.stringify(spans),
  ]);
}

function hasFailed(spans: HopRecord["spans"]): boolean {
  return spans.some(({ status }) => status === "error");
}

/** One row for each trace of these hops. */
function tracesOf(hops: readonly HopRecord[]): readonly (readonly unknown[])[] {
  const traces = new Map<string, { first: HopRecord; end: number; isError: boolean }>();
  for (const hop of hops) {
    const [{ start, durationMs }] = hop.spans;
    const key = `${hop.tenant}/${hop.traceId}`;
    const known = traces.get(key) ?? { first: hop, end: 0, isError: false };
    if (start < known.first.spans[0].start) known.first = hop;
    known.end = Math.max(known.end, Math.ceil(start + durationMs));
    known.isError ||= hasFailed(hop.spans);
    traces.set(key, known);
  }
  return [...traces.values()].map(({ first, end, isError }) => {
    const [{ name, start }] = first.spans;
    return [first.tenant, first.traceId, Math.floor(start), end, isError ? 1 : 0, first.service, name, first.correlationId ?? null];
  });
}

/** Rows as JSON arrays, none too large for a parameter. */
function chunksOf(rows: readonly string[]): readonly string[] {
  const chunks: string[][] = [[]];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(row);
    if (bytes + size > MOST_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(row);
    bytes += size;
  }
  return chunks.filter((rows) => rows.length > 0).map((rows) => `[${rows.join(",")}]`);
}
