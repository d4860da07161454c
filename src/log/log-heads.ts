import type { LogHead, LogReached } from "../kernel/index.ts";

/** The head of a tenant's log; position 0 and an empty epoch before its first event. */
export async function logHead(db: D1Database, tenant: string): Promise<LogHead> {
  const row = await db.prepare("SELECT position, epoch FROM heads WHERE tenant = ?").bind(tenant).first<LogHead>();
  return row ?? { position: 0, epoch: "" };
}

/**
 * The head, and the mark of the event at a position; at the head itself where none is given, or it is beyond that. By its mark whoever
 * begins there knows the log again.
 */
export async function markedHead(db: D1Database, tenant: string, position = Number.MAX_SAFE_INTEGER): Promise<LogHead & { readonly entry: string | null }> {
  const row = await db
    .prepare(
      `SELECT position, epoch, (SELECT entry FROM events WHERE tenant = ?1 AND position = min(?2, heads.position)) AS entry
       FROM heads WHERE tenant = ?1`,
    )
    .bind(tenant, position)
    .first<LogHead & { entry: string | null }>();
  return row ?? { position: 0, epoch: "", entry: null };
}

/** The heads of several tenants, in one query; a deleted one has none. */
export async function logHeads(db: D1Database, tenants: readonly string[]): Promise<ReadonlyMap<string, LogHead>> {
  const { results } = await db
    .prepare("SELECT tenant, position, epoch FROM heads WHERE deleted IS NULL AND tenant IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(tenants))
    .all<LogHead & { tenant: string }>();
  return new Map(results.map(({ tenant, position, epoch }) => [tenant, { position, epoch }]));
}

/** Events at the head that are looked at: one alone may be of a stream that comes late. */
const AT_THE_HEAD = 10;

/** How far a tenant's log is, and the latest `recorded` of its last events: a few rows read. */
export async function logReached(db: D1Database, tenant: string): Promise<LogReached | undefined> {
  const row = await db
    .prepare(
      `SELECT position, (SELECT max(recorded) FROM events WHERE events.tenant = ?1 AND events.position > heads.position - ${AT_THE_HEAD}) AS recorded
       FROM heads WHERE tenant = ?1`,
    )
    .bind(tenant)
    .first<{ position: number; recorded: string | null }>();
  return row === null || row.recorded === null ? undefined : { position: row.position, recorded: row.recorded };
}
