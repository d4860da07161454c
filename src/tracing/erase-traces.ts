/** Rows that one call deletes of each table. */
const STEP = 1_000;

/** Deletes up to 1,000 rows of each table of traces that are a tenant's, and takes none of it from then on; says whether there may be more. */
export async function eraseTraces(db: D1Database, tenant: string): Promise<{ readonly isEnd: boolean }> {
  const results = await db.batch([
    // What is still under way would come late.
    db.prepare("INSERT INTO trace_rates (tenant, rate) VALUES (?1, -1) ON CONFLICT DO UPDATE SET rate = -1").bind(tenant),
    erase(db, "hops", "tenant, trace, hop").bind(tenant),
    erase(db, "traces", "tenant, trace").bind(tenant),
  ]);
  return { isEnd: results.every(({ meta }) => (meta.changes ?? 0) < STEP) };
}

function erase(db: D1Database, table: string, columns: string): D1PreparedStatement {
  return db.prepare(`DELETE FROM ${table} WHERE (${columns}) IN (SELECT ${columns} FROM ${table} WHERE tenant = ?1 LIMIT ${STEP})`);
}
