/** Empties the data of some events of a stream in the log, found by their ids. What is empty already costs nothing. */
export async function purgeCopies(db: D1Database, tenant: string, stream: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .prepare("UPDATE events SET data = '' WHERE tenant = ?1 AND stream = ?2 AND id IN (SELECT value FROM json_each(?3)) AND data <> ''")
    .bind(tenant, stream, JSON.stringify(ids))
    .run();
}
