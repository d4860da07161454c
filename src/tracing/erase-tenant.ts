/** Rows that one statement deletes. */
const STEP = 1_000;

/** Deletes up to 1,000 hops and 1,000 traces of a tenant, and the rate that it had set. */
export async function eraseTraces(db: D1Database, tenant: string): Promise<{ readonly isEnd: boolean }> {
  const results = await db.batch([
    db.prepare("DELETE FROM hops WHERE (tenant, trace, hop) IN (SELECT tenant, trace, hop FROM hops WHERE tenant = ?1 LIMIT ?2)").bind(tenant, STEP),
    db.prepare("DELETE FROM traces WHERE (tenant, trace) IN (SELECT tenant, trace FROM traces WHERE tenant = ?1 LIMIT ?2)").bind(tenant, STEP),
    db.prepare("DELETE FROM trace_rates WHERE tenant = ?1").bind(tenant),
  ]);
  return { isEnd: results.slice(0, 2).every(({ meta }) => (meta.changes ?? 0) < STEP) };
}
