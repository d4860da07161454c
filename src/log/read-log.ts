import { type LoggedEvent, type LogHead, type RecordedEvent, topicMatches } from "../kernel/index.ts";
import { logHead } from "./log-heads.ts";
import { eventOf, LOG_COLUMNS, type LogRow } from "./log-row.ts";

/** Positions that one page looks at, at most. */
export const MAX_LOOKED_AT = 10_000;

/** Which events of the log are wanted; a field left out asks nothing. */
export interface LogFilter {
  /** A topic pattern. */
  readonly type?: string;
  readonly category?: string;
  readonly stream?: string;
  readonly correlationId?: string;
  /** An event's own, to the character: found by the index, however far back it is. */
  readonly id?: string;
  readonly source?: string;
  /** `recorded` at or after; RFC 3339 UTC with milliseconds. */
  readonly since?: string;
  /** `recorded` before. */
  readonly until?: string;
  /** Also the events of the platform's own categories, which are left out unless `type` or `category` names them. */
  readonly withPlatform?: true;
}

/** What to read. `head`: as far as the caller has seen the log; read anew where left out. */
export interface LogQuery {
  readonly after: number;
  readonly limit: number;
  readonly maxBytes: number;
  readonly filter?: LogFilter;
  readonly head?: LogHead;
}

export interface LogPage {
  readonly events: readonly LoggedEvent[];
  /** Up to here was looked: the position to go on after. */
  readonly position: number;
  readonly isEnd: boolean;
}

/** A line of the directory. */
export interface StreamRow {
  readonly stream: string;
  readonly version: number;
  readonly hash: string;
  readonly position: number;
  readonly created: string;
  readonly updated: string;
  readonly forked: string | null;
}

/** The head, the entry of the event at a position, and the events after it, in one round trip. At most `limit` events and `maxBytes` (but at least one event). */
export async function followLog(
  db: D1Database,
  tenant: string,
  { position, limit, maxBytes }: { readonly position: number; readonly limit: number; readonly maxBytes: number },
): Promise<LogHead & { readonly entryAt: string | null; readonly events: readonly LoggedEvent[] }> {
  const [head, rows] = await db.batch<LogRow | (LogHead & { entryAt: string | null })>([
    db
      .prepare("SELECT position, epoch, (SELECT entry FROM events WHERE tenant = ?1 AND position = ?2) AS entryAt FROM heads WHERE tenant = ?1")
      .bind(tenant, position),
    db
      .prepare(
        `SELECT * FROM (
           SELECT ${LOG_COLUMNS}, sum(${BYTES}) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes, row_number() OVER (ORDER BY position) AS nth
           FROM (SELECT * FROM events WHERE tenant = ?1 AND position > ?2 ORDER BY position LIMIT ?3)
         ) WHERE nth = 1 OR bytes <= ?4 ORDER BY position`,
      )
      .bind(tenant, position, limit, maxBytes),
  ]);
  const found = (head?.results[0] as (LogHead & { entryAt: string | null }) | undefined) ?? { position: 0, epoch: "", entryAt: null };
  return { ...found, events: ((rows?.results ?? []) as readonly LogRow[]).map((row) => eventOf(row)) };
}

/** A page of the log after a position, at most `limit` events and `maxBytes` (but at least one event). Looks at 10,000 positions at most, but for an id. */
export async function readLog(db: D1Database, tenant: string, query: LogQuery): Promise<LogPage> {
  const { after, filter = {} } = query;
  const head = query.head ?? (await logHead(db, tenant));
  const to = filter.id === undefined ? Math.min(head.position, after + MAX_LOOKED_AT) : head.position;
  if (to <= after) return { events: [], position: after, isEnd: true };
  const isPattern = filter.type !== undefined && /[*#]/.test(filter.type);
  const { rows, isAll } = await (isPattern ? matchingRows : filteredRows)(db, tenant, { ...query, filter, to });
  const position = isAll ? to : (rows.at(-1) as LogRow).position;
  return { events: rows.map((row) => eventOf(row)), position, isEnd: position >= head.position };
}

interface Found {
  readonly rows: readonly LogRow[];
  /** Nothing more matches up to where was looked. */
  readonly isAll: boolean;
}

/** Bytes of an event's texts. octet_length does not read the text itself. */
const BYTES = "octet_length(data) + octet_length(metadata) + coalesce(octet_length(cloudevent), 0) + 500";

/** What SQL alone can find: one query. The running sum ends the page before it grows too large. */
async function filteredRows(db: D1Database, tenant: string, query: LogQuery & { filter: LogFilter; to: number }): Promise<Found> {
  const { after, to, limit, maxBytes } = query;
  const { where, params } = filterSql(query.filter);
  const { results } = await db
    .prepare(
      `SELECT * FROM (
         SELECT ${LOG_COLUMNS}, count(*) OVER () AS candidates, sum(${BYTES}) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes, row_number() OVER (ORDER BY position) AS nth
         FROM (SELECT * FROM events WHERE ${where} ORDER BY position LIMIT ?)
       ) WHERE nth = 1 OR bytes <= ? ORDER BY position`,
    )
    .bind(tenant, after, to, ...params, limit, maxBytes)
    .all<LogRow & { candidates: number }>();
  const found = results[0]?.candidates ?? 0;
  return { rows: results, isAll: found < limit && results.length === found };
}

/** What only a pattern can tell: types first, for all positions looked at, then the events that match. */
async function matchingRows(db: D1Database, tenant: string, query: LogQuery & { filter: LogFilter; to: number }): Promise<Found> {
  const { after, to, limit, maxBytes, filter } = query;
  const { where, params } = filterSql(filter);
  const { results: light } = await db
    .prepare(`SELECT position, type, ${BYTES} AS bytes FROM events WHERE ${where} ORDER BY position`)
    .bind(tenant, after, to, ...params)
    .all<{ position: number; type: string; bytes: number }>();
  const matches = light.filter(({ type }) => topicMatches(filter.type as string, type));
  let bytes = 0;
  const taken = matches.slice(0, limit).filter((row, index) => {
    bytes += row.bytes;
    return index === 0 || bytes <= maxBytes;
  });
  if (taken.length === 0) return { rows: [], isAll: true };
  const { results: rows } = await db
    .prepare(`SELECT ${LOG_COLUMNS} FROM events WHERE tenant = ?1 AND position IN (SELECT value FROM json_each(?2)) ORDER BY position`)
    .bind(tenant, JSON.stringify(taken.map(({ position }) => position)))
    .all<LogRow>();
  return { rows, isAll: taken.length === matches.length };
}

/** The filter as conditions; the first three parameters are tenant, after and to. */
function filterSql(filter: LogFilter): { where: string; params: string[] } {
  const conditions = ["tenant = ?", "position > ?", "position <= ?"];
  const params: string[] = [];
  const add = (condition: string, ...values: string[]): void => {
    conditions.push(condition);
    params.push(...values);
  };
  if (filter.stream !== undefined) add("stream = ?", filter.stream);
  if (filter.category !== undefined) add("stream >= ? AND stream < ?", `${filter.category}-`, `${filter.category}.`);
  if (filter.correlationId !== undefined) add("metadata ->> '$.correlationId' = ?", filter.correlationId);
  if (filter.id !== undefined) add("id = ?", filter.id);
  if (filter.source !== undefined) add("source = ?", filter.source);
  if (filter.since !== undefined) add("recorded >= ?", filter.since);
  if (filter.until !== undefined) add("recorded < ?", filter.until);
  if (filter.type !== undefined) {
    const literal = filter.type.split(/\.?[*#]/)[0] as string;
    // Only narrows (`a.#` matches `a` too): what a pattern means is decided by topicMatches.
    if (literal === filter.type) add("type = ?", literal);
    else if (literal !== "") add("type >= ? AND type < ?", literal, `${literal}/`);
  }
  if (!namesPlatform(filter)) conditions.push(NOT_PLATFORM);
  return { where: conditions.join(" AND "), params };
}

/** The newest event of this id, from this source and in this category where they are given; of the platform's own only where its category is. */
export async function eventById(
  db: D1Database,
  tenant: string,
  id: string,
  { source, category }: { readonly source?: string | undefined; readonly category?: string | undefined },
): Promise<LoggedEvent | undefined> {
  const where = category === undefined ? NOT_PLATFORM : "stream >= ?4 || '-' AND stream < ?4 || '.'";
  const row = await db
    .prepare(`SELECT ${LOG_COLUMNS} FROM events WHERE tenant = ?1 AND id = ?2 AND (?3 IS NULL OR source = ?3) AND ${where} ORDER BY position DESC LIMIT 1`)
    .bind(tenant, id, source ?? null, ...(category === undefined ? [] : [category]))
    .first<LogRow>();
  return row === null ? undefined : eventOf(row);
}

/** The events at these positions, in order; their data is left out. */
export async function eventsAt(db: D1Database, tenant: string, positions: readonly number[]): Promise<readonly LoggedEvent[]> {
  const { results } = await db
    .prepare(
      `SELECT ${LOG_COLUMNS.replace(/, data$/, ", '' AS data")} FROM events WHERE tenant = ?1 AND position IN (SELECT value FROM json_each(?2)) ORDER BY position`,
    )
    .bind(tenant, JSON.stringify(positions))
    .all<LogRow>();
  return results.map((row) => eventOf(row));
}

/** The log's copies of some events of a stream, found by their ids. */
export async function copiesOf(db: D1Database, tenant: string, stream: string, ids: readonly string[]): Promise<readonly RecordedEvent[]> {
  const { results } = await db
    .prepare(`SELECT ${LOG_COLUMNS} FROM events WHERE tenant = ?1 AND stream = ?2 AND id IN (SELECT value FROM json_each(?3))`)
    .bind(tenant, stream, JSON.stringify(ids))
    .all<LogRow>();
  return results.map((row) => eventOf(row));
}

/** What the log knows of a stream: one row read. */
export async function loggedStream(db: D1Database, tenant: string, stream: string): Promise<(StreamRow & { readonly epoch: string }) | undefined> {
  const row = await db
    .prepare(
      `SELECT stream, version, hash, streams.position, created, updated, forked, coalesce(heads.epoch, '') AS epoch
       FROM streams LEFT JOIN heads ON heads.tenant = streams.tenant WHERE streams.tenant = ? AND stream = ?`,
    )
    .bind(tenant, stream)
    .first<StreamRow & { epoch: string }>();
  return row ?? undefined;
}

/** A page of the directory in the order of names (by code point), after a name. */
export async function listStreams(
  db: D1Database,
  tenant: string,
  query: { readonly after: string; readonly limit: number; readonly category?: string; readonly prefix?: string },
): Promise<readonly StreamRow[]> {
  const { after, limit, category, prefix } = query;
  const lower = prefix ?? (category === undefined ? "" : `${category}-`);
  // Names are ASCII, so this is past everything that begins with the prefix.
  const upper = `${lower}\u{7f}`;
  const both = category === undefined ? "" : "AND stream >= ?5 AND stream < ?6";
  const { results } = await db
    .prepare(
      `SELECT stream, version, hash, position, created, updated, forked FROM streams
       WHERE tenant = ?1 AND stream > ?2 AND stream >= ?3 AND stream < ?4 ${both} ${category === undefined && !/^(rivulet_|saga_|audit-)/.test(lower) ? `AND ${NOT_PLATFORM}` : ""}
       ORDER BY stream LIMIT ${Math.trunc(limit)}`,
    )
    .bind(tenant, after, lower, upper, ...(category === undefined ? [] : [`${category}-`, `${category}.`]))
    .all<StreamRow>();
  return results;
}

/** The kernel's `isPlatformCategory`, in SQL over a stream's name. */
const NOT_PLATFORM = "stream NOT GLOB 'rivulet_*' AND stream NOT GLOB 'saga_*' AND stream NOT GLOB 'audit-*'";

function namesPlatform({ type, category, withPlatform }: LogFilter): boolean {
  if (withPlatform || category !== undefined) return true;
  return type !== undefined && !/^[*#]/.test(type);
}
