/** Streams of a tenant that the log takes no more of, since their objects tell another history: as many rows are read. */
export async function countForked(db: D1Database, tenant: string): Promise<number> {
  // The planner would walk the tenant's whole directory.
  const sql = "SELECT count(*) AS streams FROM streams INDEXED BY forked_streams WHERE tenant = ? AND forked IS NOT NULL";
  return (await db.prepare(sql).bind(tenant).first<{ streams: number }>())?.streams ?? 0;
}
