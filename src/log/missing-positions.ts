/** How many of the positions from the first to the last of each range the log lacks now, in their order; beyond its end it lacks none. As many rows are read as it has. */
export async function missingPositions(
  db: D1Database,
  tenant: string,
  ranges: readonly { readonly first: number; readonly last: number }[],
): Promise<readonly number[]> {
  const { results } = await db
    .prepare(
      `SELECT max(0, min(range.value ->> 'last', coalesce((SELECT position FROM heads WHERE tenant = ?1), 0)) - (range.value ->> 'first') + 1) -
              (SELECT count(*) FROM events WHERE tenant = ?1 AND position BETWEEN range.value ->> 'first' AND range.value ->> 'last') AS missing
       FROM json_each(?2) AS range ORDER BY range.key`,
    )
    .bind(tenant, JSON.stringify(ranges))
    .all<{ missing: number }>();
  return results.map(({ missing }) => missing);
}
