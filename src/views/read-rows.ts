import { searchScope } from "./search-index.ts";

/** A question to a view's rows. Column names are the code's own, never a client's. */
export interface RowQuery {
  readonly scope: string;
  readonly view: string;
  /** Columns that must have this value; a boolean is 0 or 1. */
  readonly where: readonly { readonly column: string; readonly value: string | number }[];
  /** Words that must all be there, the last perhaps only begun. */
  readonly search?: string;
  readonly sort?: { readonly column: string; readonly isDescending: boolean };
  /** The row to go on after: its value of the sorted column, and its key. */
  readonly after?: { readonly value: string | number | null; readonly key: string };
  readonly limit: number;
}

export interface FoundRow {
  readonly key: string;
  /** JSON. */
  readonly row: string;
  /** Of the sorted column. */
  readonly value: string | number | null;
}

/** Rows of a view in the order asked for, those of one value by key. */
export async function listRows(db: D1Database, { scope, view, where, search, sort, after, limit }: RowQuery): Promise<readonly FoundRow[]> {
  const params: (string | number | null)[] = [scope, view];
  const bound = (value: string | number | null): string => `?${params.push(value)}`;
  const sorted = sort === undefined ? "NULL" : columnOf(sort.column);
  const conditions = [
    "scope = ?1 AND view = ?2",
    ...where.map(({ column, value }) => `${columnOf(column)} = ${bound(value)}`),
    ...(search === undefined
      ? []
      : [
          `key IN (SELECT keys.key FROM view_search JOIN view_search_keys AS keys ON keys.id = view_search.rowid
             WHERE view_search MATCH ${bound(matchOf(searchScope(scope, view), search))} AND keys.scope = ?1 AND keys.view = ?2)`,
        ]),
    ...(after === undefined ? [] : [afterOf(sorted, sort?.isDescending ?? false, after, bound)]),
  ];
  const order = sort === undefined ? "key" : `${sorted} ${sort.isDescending ? "DESC" : "ASC"}, key`;
  const { results } = await db
    .prepare(`SELECT key, row, ${sorted} AS value FROM view_rows WHERE ${conditions.join(" AND ")} ORDER BY ${order} LIMIT ${bound(limit)}`)
    .bind(...params)
    .all<FoundRow>();
  return results;
}

/** A row by its key; undefined where there is none. */
export async function rowByKey(db: D1Database, { scope, view, key }: { scope: string; view: string; key: string }): Promise<string | undefined> {
  const row = await db.prepare("SELECT row FROM view_rows WHERE scope = ? AND view = ? AND key = ?").bind(scope, view, key).first<{ row: string }>();
  return row?.row;
}

function columnOf(name: string): string {
  return `row ->> '$."${name}"'`;
}

/** SQLite sorts what has no value before everything else. */
function afterOf(
  sorted: string,
  isDescending: boolean,
  { value, key }: { readonly value: string | number | null; readonly key: string },
  bound: (value: string | number | null) => string,
): string {
  const tied = `(${sorted} IS ${bound(value)} AND key > ${bound(key)})`;
  if (value === null) return isDescending ? tied : `(${tied} OR ${sorted} IS NOT NULL)`;
  const beyond = `${sorted} ${isDescending ? "<" : ">"} ${bound(value)}`;
  return isDescending ? `(${tied} OR ${beyond} OR ${sorted} IS NULL)` : `(${tied} OR ${beyond})`;
}

/** What is searched for as an FTS5 query: every word quoted, so that nothing in it is syntax. */
function matchOf(scope: string, search: string): string {
  const words = search.split(/[^\p{L}\p{N}\p{M}]+/u).filter((word) => word !== "");
  const quoted = words.map((word, index) => `"${word}"${index === words.length - 1 ? "*" : ""}`);
  return `scope : "${scope}" AND text : (${quoted.length > 0 ? quoted.join(" AND ") : '""'})`;
}
