/** Rows that one statement deletes. */
const STEP = 1_000;

/** The tables of all that is folded from a tenant's log, and of what its followers parked: whose a row is, and what else finds it. */
const TABLES: readonly (readonly [table: string, key: string])[] = [
  ["view_generations", "view, generation"],
  ["view_cursors", "view"],
  ["event_types", "type"],
  ["event_type_streams", "type, stream"],
  ["sources", "source"],
  ["correlations", "correlation, position"],
  ["subscriptions", "id"],
  ["dead_letters", "subscription, position"],
  ["saga_instances", "saga, id"],
  ["identities", "view, id"],
];
/** Those whose scope is the tenant, or the tenant and `#<generation>`. */
const SCOPED: readonly (readonly [table: string, key: string])[] = [
  ["view_rows", "view, key"],
  ["view_parts", "view, key, stream"],
  ["view_index", "view, column_name, value, key"],
];

/** How many steps there are: each deletes what one table has of a tenant. */
export const VIEW_TABLES = TABLES.length + SCOPED.length + 1;

/** Deletes up to 1,000 rows that a table has of a tenant; says whether there may be more. */
export async function eraseViewRows(db: D1Database, tenant: string, step: number): Promise<{ readonly isEnd: boolean }> {
  const own = TABLES[step];
  const scoped = SCOPED[step - TABLES.length];
  if (own !== undefined) return erase(db, `tenant = ?1`, "tenant", own, tenant);
  if (scoped !== undefined) return erase(db, IN_SCOPE, "scope", scoped, tenant);
  return eraseSearch(db, tenant);
}

/** A tenant's name has neither `#` nor `$`, which is the character after it. */
const IN_SCOPE = "(scope = ?1 OR (scope >= ?1 || '#' AND scope < ?1 || '$'))";

async function erase(
  db: D1Database,
  where: string,
  owner: string,
  [table, key]: readonly [string, string],
  tenant: string,
): Promise<{ readonly isEnd: boolean }> {
  const columns = `${owner}, ${key}`;
  const { meta } = await db
    .prepare(`DELETE FROM ${table} WHERE (${columns}) IN (SELECT ${columns} FROM ${table} WHERE ${where} LIMIT ${STEP})`)
    .bind(tenant)
    .run();
  return { isEnd: (meta.changes ?? 0) < STEP };
}

async function eraseSearch(db: D1Database, tenant: string): Promise<{ readonly isEnd: boolean }> {
  const some = `SELECT id FROM view_search_keys WHERE ${IN_SCOPE} ORDER BY id LIMIT ${STEP}`;
  const [, keys] = await db.batch([
    db.prepare(`DELETE FROM view_search WHERE rowid IN (${some})`).bind(tenant),
    db.prepare(`DELETE FROM view_search_keys WHERE id IN (${some})`).bind(tenant),
  ]);
  return { isEnd: (keys?.meta.changes ?? 0) < STEP };
}
