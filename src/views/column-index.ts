import { type Projection, type Row, sql, type Statement } from "../kernel/index.ts";

/** The rows of a step that were there before, and those that are there after it, by key. */
export interface RowsChanged {
  readonly before: ReadonlyMap<string, Row>;
  readonly after: ReadonlyMap<string, Row>;
}

/** What keeps a view's indexed columns with its rows: an entry is written when a value is new, and none when it stays. */
export function columnsIndexed({ name, index }: Projection, scope: string, { before, after }: RowsChanged): readonly Statement[] {
  if (index.length === 0) return [];
  const old = new Set(entriesOf(index, before));
  const now = new Set(entriesOf(index, after));
  const added = [...now].filter((entry) => !old.has(entry));
  const removed = [...old].filter((entry) => !now.has(entry));
  return [
    ...(removed.length > 0
      ? [
          sql`DELETE FROM view_index WHERE scope = ${scope} AND view = ${name}
                AND (column_name, value, key) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${`[${removed.join(",")}]`}))`,
        ]
      : []),
    ...(added.length > 0
      ? [
          sql`INSERT INTO view_index (scope, view, column_name, value, key)
              SELECT ${scope}, ${name}, value ->> 0, value ->> 1, value ->> 2 FROM json_each(${`[${added.join(",")}]`})`,
        ]
      : []),
  ];
}

/** Each as JSON: column, value, key. */
function entriesOf(index: readonly string[], rows: ReadonlyMap<string, Row>): readonly string[] {
  return [...rows].flatMap(([key, row]) =>
    index.filter((column) => row[column] !== null && row[column] !== undefined).map((column) => JSON.stringify([column, row[column], key])),
  );
}

/** Deletes some of a scope's entries. */
export function discardColumns({ name, index }: Projection, scope: string): readonly Statement[] {
  if (index.length === 0) return [];
  return [
    sql`DELETE FROM view_index WHERE (scope, view, column_name, value, key) IN (
          SELECT scope, view, column_name, value, key FROM view_index WHERE scope = ${scope} AND view = ${name} LIMIT 1000)`,
  ];
}
