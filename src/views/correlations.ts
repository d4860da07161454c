import { sql, type View } from "../kernel/index.ts";

/** Which events belong to which correlation, by their positions. */
export const correlationsView: View = {
  name: "correlations",
  version: 1,
  rows: "SELECT correlation || ' ' || position AS key, '' AS row FROM correlations WHERE tenant = ?1",
  discard: (scope) => [
    sql`DELETE FROM correlations WHERE (tenant, correlation, position) IN (SELECT tenant, correlation, position FROM correlations WHERE tenant = ${scope} LIMIT 1000)`,
  ],
  fold(tenant, events) {
    const rows = events.map(({ metadata, position }) => [metadata.correlationId, position]);
    return [
      sql`INSERT INTO correlations (tenant, correlation, position)
          SELECT ${tenant}, value ->> 0, value ->> 1 FROM jsonb_each(${JSON.stringify(rows)})`,
    ];
  },
};

/** The positions of a correlation's first events, in order. */
export async function positionsOf(db: D1Database, tenant: string, correlation: string, limit: number): Promise<readonly number[]> {
  const { results } = await db
    .prepare("SELECT position FROM correlations WHERE tenant = ? AND correlation = ? ORDER BY position LIMIT ?")
    .bind(tenant, correlation, limit)
    .all<{ position: number }>();
  return results.map(({ position }) => position);
}
