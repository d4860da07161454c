import { type Projection, type Row, sha256, sql, type Statement } from "../kernel/index.ts";
import { tenantOf } from "./generations.ts";

/** One word that stands for a tenant and a view: a search asks for it too, so it meets no other tenant's rows. */
export function searchScope(tenant: string, view: string): string {
  return `s${sha256(JSON.stringify([tenant, view])).slice(7, 39)}`;
}

/** What keeps the index of a view's searched columns with its rows: those that were written, and the keys of those that went. */
export function indexed({ name, search }: Projection, scope: string, put: ReadonlyMap<string, Row>, removed: readonly string[]): readonly Statement[] {
  if (search.length === 0) return [];
  const texts = [...put].map(([key, row]) => [
    key,
    search
      .map((column) => row[column])
      .filter((value) => typeof value === "string")
      .join("\n"),
  ]);
  const keys = JSON.stringify([...put.keys()]);
  const gone = JSON.stringify(removed);
  return [
    sql`INSERT INTO view_search_keys (scope, view, key) SELECT ${scope}, ${name}, value FROM json_each(${keys}) WHERE true ON CONFLICT DO NOTHING`,
    sql`INSERT OR REPLACE INTO view_search (rowid, scope, text)
        SELECT keys.id, ${searchScope(tenantOf(scope), name)}, item.value ->> 1 FROM json_each(${JSON.stringify(texts)}) AS item
        JOIN view_search_keys AS keys ON keys.scope = ${scope} AND keys.view = ${name} AND keys.key = item.value ->> 0`,
    ...(removed.length > 0
      ? [
          sql`DELETE FROM view_search WHERE rowid IN (
                SELECT id FROM view_search_keys WHERE scope = ${scope} AND view = ${name} AND key IN (SELECT value FROM json_each(${gone})))`,
          sql`DELETE FROM view_search_keys WHERE scope = ${scope} AND view = ${name} AND key IN (SELECT value FROM json_each(${gone}))`,
        ]
      : []),
  ];
}

/** Deletes some of a scope's index, before its rows. */
export function discardIndexed({ name, search }: Projection, scope: string): readonly Statement[] {
  if (search.length === 0) return [];
  return [
    sql`DELETE FROM view_search WHERE rowid IN (SELECT id FROM view_search_keys WHERE scope = ${scope} AND view = ${name} ORDER BY id LIMIT 1000)`,
    sql`DELETE FROM view_search_keys WHERE id IN (SELECT id FROM view_search_keys WHERE scope = ${scope} AND view = ${name} ORDER BY id LIMIT 1000)`,
  ];
}
