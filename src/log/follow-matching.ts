import type { LoggedEvent, LogHead } from "../kernel/index.ts";
import { eventOf, LOG_COLUMNS, type LogRow } from "./log-row.ts";

/** Positions that one read looks at, at most, and bytes that it brings. */
const MOST_POSITIONS = 10_000;
const MOST_BYTES = 1_000_000;

/** What a follower asks of the log. */
export interface FollowQuery {
  readonly after: number;
  /** The last position that it wants; the head where left out. */
  readonly to?: number;
  /** Topic patterns; they only narrow here, and may bring what does not match. */
  readonly types: readonly string[];
  readonly stream?: string;
  readonly limit: number;
}

/** The head, the mark of the event read after, and what may match: everything that does, up to `lookedTo`, and the mark of the event there. */
export interface Followed extends LogHead {
  readonly entryAt: string | null;
  readonly events: readonly LoggedEvent[];
  readonly lookedTo: number;
  readonly entryTo: string | null;
}

/** Reads the log for a follower, in one round trip. */
export async function followMatching(db: D1Database, tenant: string, query: FollowQuery): Promise<Followed> {
  const { after, limit, stream } = query;
  const last = Math.min(query.to ?? Number.MAX_SAFE_INTEGER, after + MOST_POSITIONS);
  const where = narrowed(query.types);
  const [heads, rows] = await db.batch<LogRow | Head>([
    headAt(db, tenant, after, last),
    db
      .prepare(
        `SELECT * FROM (
           SELECT ${LOG_COLUMNS}, sum(${BYTES}) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes, row_number() OVER (ORDER BY position) AS nth, count(*) OVER () AS candidates
           FROM (SELECT * FROM events WHERE tenant = ?1 AND position > ?2 AND position <= ?3 ${stream === undefined ? "" : "AND stream = ?6"} ${where.sql} ORDER BY position LIMIT ?4)
         ) WHERE nth = 1 OR bytes <= ?5 ORDER BY position`.replaceAll("?w", stream === undefined ? "?6" : "?7"),
      )
      .bind(tenant, after, last, limit, MOST_BYTES, ...(stream === undefined ? [] : [stream]), ...where.params),
  ]);
  const { entryTo, ...head } = headOf(heads?.results[0]);
  const found = (rows?.results ?? []) as unknown as readonly (LogRow & { readonly candidates: number })[];
  const candidates = found[0]?.candidates ?? 0;
  // A page that ended by one of its limits may have more behind its last event.
  const isAll = candidates < limit && found.length === candidates;
  const lookedTo = isAll ? Math.max(after, Math.min(last, head.position)) : (found.at(-1)?.position ?? after);
  return { ...head, events: found.map((row) => eventOf(row)), lookedTo, entryTo: isAll ? entryTo : (found.at(-1)?.entry ?? head.entryAt) };
}

/** What a dispatcher needs of the events after a position: no data, so that a long way is short. */
export async function followTypes(
  db: D1Database,
  tenant: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<
  LogHead & {
    readonly entryAt: string | null;
    readonly events: readonly { readonly position: number; readonly type: string; readonly stream: string; readonly entry: string }[];
  }
> {
  const [heads, rows] = await db.batch([
    headAt(db, tenant, after, after),
    db.prepare("SELECT position, type, stream, entry FROM events WHERE tenant = ?1 AND position > ?2 ORDER BY position LIMIT ?3").bind(tenant, after, limit),
  ]);
  return { ...headOf(heads?.results[0]), events: (rows?.results ?? []) as never };
}

/**
 * The first position at or after which something was recorded at or after a time; past the head where nothing was. Reads at most 1,000
 * events, and one row for each further 1,000.
 */
export async function positionAt(db: D1Database, tenant: string, time: string): Promise<number> {
  const { results } = await db
    .prepare(
      // Up to such a position everything was recorded before; among the next 1,000 something was not, or the log ends there.
      `SELECT coalesce(
         (SELECT position FROM events WHERE tenant = ?1 AND recorded >= ?2 AND position > coalesce(
            (SELECT position FROM times WHERE tenant = ?1 AND latest < ?2 AND position <= (SELECT position FROM heads WHERE tenant = ?1) ORDER BY position DESC LIMIT 1), 0)
          ORDER BY position LIMIT 1),
         (SELECT position + 1 FROM heads WHERE tenant = ?1), 1) AS position`,
    )
    .bind(tenant, time)
    .all<{ position: number }>();
  return results[0]?.position ?? 1;
}

const BYTES = "octet_length(data) + octet_length(metadata) + coalesce(octet_length(cloudevent), 0) + 500";

/** The log's head, and the marks of the events at two positions, the second not beyond the head. */
interface Head extends LogHead {
  readonly entryAt: string | null;
  readonly entryTo: string | null;
}

function headAt(db: D1Database, tenant: string, position: number, to: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT position, epoch, (SELECT entry FROM events WHERE tenant = ?1 AND position = ?2) AS entryAt,
         (SELECT entry FROM events WHERE tenant = ?1 AND position = min(?3, heads.position)) AS entryTo FROM heads WHERE tenant = ?1`,
    )
    .bind(tenant, position, to);
}

function headOf(row: unknown): Head {
  return (row as Head | undefined) ?? { position: 0, epoch: "", entryAt: null, entryTo: null };
}

/** The literal beginnings of patterns as a condition; none where a pattern begins with a wildcard. */
function narrowed(patterns: readonly string[]): { readonly sql: string; readonly params: readonly string[] } {
  const literals = patterns.map((pattern) => ({ pattern, literal: pattern.split(/\.?[*#]/)[0] as string }));
  if (patterns.length === 0 || literals.some(({ literal }) => literal === "")) return { sql: "", params: [] };
  const ranges = literals.map(({ pattern, literal }) => (pattern === literal ? [literal, literal] : [literal, `${literal}/`]));
  // (json_each has a column of its own that is called type.) `a.#` means `a` too, and everything under it: between `a` and `a/`, the character after the dot.
  return {
    sql: "AND EXISTS (SELECT 1 FROM json_each(?w) WHERE events.type = value ->> 0 OR (value ->> 0 <> value ->> 1 AND events.type > value ->> 0 AND events.type < value ->> 1))",
    params: [JSON.stringify(ranges)],
  };
}
