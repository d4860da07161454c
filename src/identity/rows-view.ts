import { type LoggedEvent, sql, type View } from "../kernel/index.ts";

/** A built-in list of control-plane aggregates of one category: a row for each, folded event by event. */
export interface RowsView<Row> {
  readonly name: string;
  readonly category: string;
  /** The row after one more event; undefined where there is none (any more). */
  readonly rowAfter: (row: Row | undefined, event: LoggedEvent, id: string) => Row | undefined;
}

/** The view that keeps such a list. All of them share one table. */
export function rowsView<Row>({ name, category, rowAfter }: RowsView<Row>): View {
  const prefix = `${category}-`;
  const idOf = ({ stream }: LoggedEvent): string => stream.slice(prefix.length);
  return {
    name,
    version: 1,
    concerns: ({ stream }) => stream.startsWith(prefix),
    rows: `SELECT id AS key, row FROM identities WHERE tenant = ?1 AND view = '${name}'`,
    discard: (scope) => [
      sql`DELETE FROM identities WHERE (tenant, view, id) IN (SELECT tenant, view, id FROM identities WHERE tenant = ${scope} AND view = ${name} LIMIT 1000)`,
    ],
    reads: (scope, events) =>
      sql`SELECT id AS key, row FROM identities WHERE tenant = ${scope} AND view = ${name}
          AND id IN (SELECT value FROM json_each(${JSON.stringify([...new Set(events.map(idOf))])}))`,
    fold(scope, events, read) {
      const before = new Map(read.map(({ key, row }) => [String(key), String(row)]));
      const rows = new Map<string, Row | undefined>([...before].map(([id, row]) => [id, JSON.parse(row) as Row]));
      for (const event of events) rows.set(idOf(event), rowAfter(rows.get(idOf(event)), event, idOf(event)));
      const put = [...rows].flatMap(([id, row]) => (row === undefined || JSON.stringify(row) === before.get(id) ? [] : [[id, JSON.stringify(row)]]));
      const gone = [...rows].flatMap(([id, row]) => (row === undefined && before.has(id) ? [id] : []));
      return [
        ...(gone.length > 0
          ? [sql`DELETE FROM identities WHERE tenant = ${scope} AND view = ${name} AND id IN (SELECT value FROM json_each(${JSON.stringify(gone)}))`]
          : []),
        ...(put.length > 0
          ? [
              sql`INSERT INTO identities (tenant, view, id, row) SELECT ${scope}, ${name}, value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(put)}) WHERE true
                  ON CONFLICT (tenant, view, id) DO UPDATE SET row = excluded.row`,
            ]
          : []),
      ];
    },
  };
}

/** A page of such a list by id, after an id. */
export async function listRows<Row>(
  db: D1Database,
  scope: string,
  { view, after, limit }: { readonly view: string; readonly after: string; readonly limit: number },
): Promise<readonly Row[]> {
  const { results } = await db
    .prepare("SELECT row FROM identities WHERE tenant = ? AND view = ? AND id > ? ORDER BY id LIMIT ?")
    .bind(scope, view, after, limit)
    .all<{ row: string }>();
  return results.map(({ row }) => JSON.parse(row) as Row);
}
