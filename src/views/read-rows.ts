import { READ_SCOPE } from "./generations.ts";
import { searchScope } from "./search-index.ts";

/** A question to a view's rows. Column names are the code's own, never a client's. */
export interface RowQuery {
  readonly tenant: string;
  readonly view: string;
  /** Columns that must have this value; a boolean is 0 or 1. `isIndexed`: the view declares it so. */
  readonly where: readonly { readonly column: string; readonly value: string | number; readonly isIndexed?: boolean }[];
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

const FROM = `FROM view_rows WHERE scope = ${READ_SCOPE} AND view = ?2`;

/** Selects rows of a view (`FoundRow`), of the generation that is read, in the order asked for; those of one value by key. */
export function selectRows(db: D1Database, { tenant, view, where, search, sort, after, limit }: RowQuery): D1PreparedStatement {
  const params: (string | number | null)[] = [tenant, view];
  const bound = (value: string | number | null): string => `?${params.push(value)}`;
  const sorted = sort === undefined ? "NULL" : columnOf(sort.column);
  const conditions = [
    ...where.map(({ column, value, isIndexed }) =>
      isIndexed ? `key IN (${indexed(column)} AND value = ${bound(value)})` : `${columnOf(column)} = ${bound(value)}`,
    ),
    ...(search === undefined
      ? []
      : [
          `key IN (SELECT keys.key FROM view_search JOIN view_search_keys AS keys ON keys.id = view_search.rowid
             WHERE view_search MATCH ${bound(matchOf(searchScope(tenant, view), search))} AND keys.scope = ${READ_SCOPE} AND keys.view = ?2)`,
        ]),
    ...(after === undefined ? [] : [afterOf(sorted, sort?.isDescending ?? false, after, bound)]),
  ];
  const order = sort === undefined ? "key" : `${sorted} ${sort.isDescending ? "DESC" : "ASC"}, key`;
  return db.prepare(`SELECT key, row, ${sorted} AS value ${[FROM, ...conditions].join(" AND ")} ORDER BY ${order} LIMIT ${bound(limit)}`).bind(...params);
}

/** Selects a row of a view (`FoundRow`) by its key; none where there is none. */
export function selectRow(
  db: D1Database,
  { tenant, view, key }: { readonly tenant: string; readonly view: string; readonly key: string },
): D1PreparedStatement {
  return db.prepare(`SELECT key, row, NULL AS value ${FROM} AND key = ?3`).bind(tenant, view, key);
}

const indexed = (column: string): string => `SELECT key FROM view_index WHERE scope = ${READ_SCOPE} AND view = ?2 AND column_name = '${column}'`;

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
