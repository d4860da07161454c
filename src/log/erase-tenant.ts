/** Rows that one statement deletes; of events fewer, for they may be large. */
const STEP = 1_000;
const EVENTS = 500;

/** From here on the log takes nothing of the tenant any more. Done twice it is done once. */
export async function markDeleted(db: D1Database, tenant: string, at: string): Promise<void> {
  await db
    .prepare(
      `INSERT INTO heads (tenant, position, epoch, deleted) VALUES (?1, 0, lower(hex(randomblob(8))), ?2)
       ON CONFLICT (tenant) DO UPDATE SET deleted = coalesce(deleted, excluded.deleted)`,
    )
    .bind(tenant, at)
    .run();
}

/** Those among these tenants that are marked as deleted. */
export async function deletedAmong(db: D1Database, tenants: readonly string[]): Promise<ReadonlySet<string>> {
  const { results } = await db
    .prepare("SELECT tenant FROM heads WHERE deleted IS NOT NULL AND tenant IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(tenants))
    .all<{ tenant: string }>();
  return new Set(results.map(({ tenant }) => tenant));
}

/** Names of a tenant's streams after a name, the platform's own among them. */
export async function streamsAfter(db: D1Database, tenant: string, after: string, limit: number): Promise<readonly string[]> {
  const { results } = await db
    .prepare("SELECT stream FROM streams WHERE tenant = ? AND stream > ? ORDER BY stream LIMIT ?")
    .bind(tenant, after, limit)
    .all<{ stream: string }>();
  return results.map(({ stream }) => stream);
}

/** Deletes up to 500 events of a tenant, the last ones first; gives how many: fewer, and there are no more. */
export async function eraseEvents(db: D1Database, tenant: string): Promise<{ readonly count: number; readonly isEnd: boolean }> {
  const { meta } = await db
    .prepare("DELETE FROM events WHERE tenant = ?1 AND position > (SELECT coalesce(max(position), 0) FROM events WHERE tenant = ?1) - ?2")
    .bind(tenant, EVENTS)
    .run();
  const { changes: count } = meta;
  return { count, isEnd: count < EVENTS };
}

/** Deletes up to 1,000 rows of a tenant's directory and of its table of times. The mark stays. */
export async function eraseDirectory(db: D1Database, tenant: string): Promise<{ readonly isEnd: boolean }> {
  const results = await db.batch([
    db
      .prepare("DELETE FROM streams WHERE tenant = ?1 AND stream IN (SELECT stream FROM streams WHERE tenant = ?1 ORDER BY stream LIMIT ?2)")
      .bind(tenant, STEP),
    db
      .prepare("DELETE FROM times WHERE tenant = ?1 AND position IN (SELECT position FROM times WHERE tenant = ?1 ORDER BY position LIMIT ?2)")
      .bind(tenant, STEP),
  ]);
  return { isEnd: results.every(({ meta }) => (meta.changes ?? 0) < STEP) };
}
