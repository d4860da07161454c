import { categoryOf, type LoggedEvent, type Projection, type Row, sha256, sql, STREAM_PURGED, type Statement, type View } from "../kernel/index.ts";

/**
 * A declared projection as a view: its rows are JSON in `view_rows`, under scope, view and key. `categoriesOf` says which categories'
 * deciders declare an event type; what bears such a type in a stream of another category is somebody's own and none of this view's:
 * it was never checked, and who may append there need not be who may change these rows.
 */
export function rowView(projection: Projection, categoriesOf: (type: string) => ReadonlySet<string> | undefined = () => undefined): View {
  const { name, version, types, search } = projection;
  const others = [...types].filter((type) => type !== STREAM_PURGED);
  // A purge is everybody's; it is this view's where one of its own events could stand in that stream.
  const isIn = (type: string, category: string): boolean =>
    type === STREAM_PURGED ? others.some((other) => isIn(other, category)) : (categoriesOf(type)?.has(category) ?? true);
  return {
    name,
    version,
    concerns: ({ type, stream }) => types.has(type) && isIn(type, categoryOf(stream)),
    rows: `SELECT key, row FROM view_rows WHERE scope = ?1 AND view = '${name}'`,
    reads: (scope, events) =>
      sql`SELECT key, row FROM view_rows WHERE scope = ${scope} AND view = ${name} AND key IN (SELECT value FROM json_each(${JSON.stringify(keysOf(projection, events))}))`,
    fold(scope, events, read) {
      const before = new Map(read.map(({ key, row }) => [String(key), String(row)]));
      const { put, removed } = changed(projection, events, before);
      return [...written(name, scope, put, removed), ...(search.length > 0 ? indexed(projection, scope, put, removed) : [])];
    },
    discard: (scope) => [
      ...(search.length > 0 ? discardIndexed(name, scope) : []),
      sql`DELETE FROM view_rows WHERE (scope, view, key) IN (SELECT scope, view, key FROM view_rows WHERE scope = ${scope} AND view = ${name} LIMIT 1000)`,
    ],
  };
}

function keysOf(projection: Projection, events: readonly LoggedEvent[]): readonly string[] {
  return [...new Set(events.flatMap((event) => projection.keysOf(event)))];
}

/** What the events make of the rows that were there: the ones to write, and the keys of those that are gone. */
function changed(
  projection: Projection,
  events: readonly LoggedEvent[],
  before: ReadonlyMap<string, string>,
): { readonly put: ReadonlyMap<string, Row>; readonly removed: readonly string[] } {
  const now = new Map<string, Row | undefined>();
  for (const event of events) {
    for (const key of projection.keysOf(event)) {
      const stored = before.get(key);
      const row = now.has(key) ? now.get(key) : stored === undefined ? undefined : (JSON.parse(stored) as Row);
      now.set(key, projection.apply(row, event, key));
    }
  }
  // A row that came out as it was is not written, and costs nothing.
  const put = [...now].filter((entry): entry is [string, Row] => entry[1] !== undefined && JSON.stringify(entry[1]) !== before.get(entry[0]));
  return { put: new Map(put), removed: [...now].filter(([key, row]) => row === undefined && before.has(key)).map(([key]) => key) };
}

function written(name: string, scope: string, put: ReadonlyMap<string, Row>, removed: readonly string[]): readonly Statement[] {
  const rows = JSON.stringify([...put].map(([key, row]) => [key, JSON.stringify(row)]));
  return [
    ...(put.size > 0
      ? [
          sql`INSERT INTO view_rows (scope, view, key, row) SELECT ${scope}, ${name}, value ->> 0, value ->> 1 FROM json_each(${rows}) WHERE true
              ON CONFLICT (scope, view, key) DO UPDATE SET row = excluded.row`,
        ]
      : []),
    ...(removed.length > 0
      ? [sql`DELETE FROM view_rows WHERE scope = ${scope} AND view = ${name} AND key IN (SELECT value FROM json_each(${JSON.stringify(removed)}))`]
      : []),
  ];
}

/** One word that stands for a scope and a view: a search asks for it too, so it meets no other tenant's rows. */
export function searchScope(scope: string, view: string): string {
  return `s${sha256(JSON.stringify([scope, view])).slice(7, 39)}`;
}

function indexed({ name, search }: Projection, scope: string, put: ReadonlyMap<string, Row>, removed: readonly string[]): readonly Statement[] {
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
        SELECT keys.id, ${searchScope(scope, name)}, item.value ->> 1 FROM json_each(${JSON.stringify(texts)}) AS item
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

function discardIndexed(name: string, scope: string): readonly Statement[] {
  return [
    sql`DELETE FROM view_search WHERE rowid IN (SELECT id FROM view_search_keys WHERE scope = ${scope} AND view = ${name} ORDER BY id LIMIT 1000)`,
    sql`DELETE FROM view_search_keys WHERE id IN (SELECT id FROM view_search_keys WHERE scope = ${scope} AND view = ${name} ORDER BY id LIMIT 1000)`,
  ];
}
