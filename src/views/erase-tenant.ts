/** Rows that one statement deletes. */
const STEP = 1_000;

/**
 * The tables of all that is folded from a tenant's log, and of what its followers parked: whose a row is (the tenant, or in a view that was
 * built anew the tenant and `#<generation>`), and what else finds it.
 */
const TABLES: readonly (readonly [table: string, owner: "tenant" | "scope", key: string])[] = [
  ["view_generations", "tenant", "view, generation"],
  ["view_cursors", "tenant", "view"],
  ["event_types", "tenant", "type"],
  ["event_type_streams", "tenant", "type, stream"],
  ["sources", "tenant", "source"],
  ["correlations", "tenant", "correlation, position"],
  ["subscriptions", "tenant", "id"],
  ["dead_letters", "tenant", "subscription, position"],
  ["saga_instances", "tenant", "saga, id"],
  ["saga_figures", "tenant", "saga, kind, key"],
  ["identities", "tenant", "view, id"],
  ["view_rows", "scope", "view, key"],
  ["view_parts", "scope", "view, key, stream"],
  ["view_index", "scope", "view, column_name, value, key"],
];

/** How many steps there are: each deletes what one table has of a tenant. */
export const VIEW_TABLES = TABLES.length + 1;

/** A tenant's name has neither `#` nor `$`, which is the character after it. */
const inScope = (owner: string): string => `(${owner} = ?1 OR (${owner} >= ?1 || '#' AND ${owner} < ?1 || '$'))`;

/** Deletes up to 1,000 rows that a table has of a tenant; says whether there may be more. */
export async function eraseViewRows(db: D1Database, tenant: string, step: number): Promise<{ readonly isEnd: boolean }> {
  const own = TABLES[step];
  if (own === undefined) return eraseSearch(db, tenant);
  const [table, owner, key] = own;
  const columns = `${owner}, ${key}`;
  const { meta } = await db
    .prepare(`DELETE FROM ${table} WHERE (${columns}) IN (SELECT ${columns} FROM ${table} WHERE ${inScope(owner)} LIMIT ${STEP})`)
    .bind(tenant)
    .run();
  return { isEnd: (meta.changes ?? 0) < STEP };
}

async function eraseSearch(db: D1Database, tenant: string): Promise<{ readonly isEnd: boolean }> {
  const some = `SELECT id FROM view_search_keys WHERE ${inScope("scope")} ORDER BY id LIMIT ${STEP}`;
  const [, keys] = await db.batch([
    db.prepare(`DELETE FROM view_search WHERE rowid IN (${some})`).bind(tenant),
    db.prepare(`DELETE FROM view_search_keys WHERE id IN (${some})`).bind(tenant),
  ]);
  return { isEnd: (keys?.meta.changes ?? 0) < STEP };
}
