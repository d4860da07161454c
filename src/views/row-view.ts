import {
  categoryOf,
  foldInto,
  type KnownRow,
  type KnownRows,
  type Projection,
  type Row,
  sql,
  STREAM_PURGED,
  type Statement,
  type View,
} from "../kernel/index.ts";
import { columnsIndexed, discardColumns } from "./column-index.ts";
import { knownRows, readKnown } from "./known-rows.ts";
import { discardIndexed, indexed } from "./search-index.ts";

/**
 * A declared projection as a view: its rows are JSON in `view_rows`, under scope, view and key. `categoriesOf` says which categories'
 * deciders declare an event type; what bears such a type in a stream of another category is somebody's own and none of this view's:
 * it was never checked, and who may append there need not be who may change these rows.
 */
export function rowView(projection: Projection, categoriesOf: (type: string) => ReadonlySet<string> | undefined = () => undefined): View {
  const { name, version, types, without } = projection;
  const others = [...types].filter((type) => type !== STREAM_PURGED);
  // A purge is everybody's; it is this view's where one of its own events could stand in that stream.
  const isIn = (type: string, category: string): boolean =>
    type === STREAM_PURGED ? others.some((other) => isIn(other, category)) : (categoriesOf(type)?.has(category) ?? true);
  const isShared = typeof without === "function";
  return {
    name,
    version,
    concerns: ({ type, stream }) => types.has(type) && isIn(type, categoryOf(stream)),
    rows: `SELECT key, row FROM view_rows WHERE scope = ?1 AND view = '${name}'`,
    reads: (scope, events) => readKnown(projection, scope, events),
    fold(scope, events, read) {
      const known = knownRows(read);
      const before = textsOf(known);
      const rowsBefore = rowsIn(known);
      for (const event of events) foldInto(known, projection, event);
      const { put, removed } = changedRows(before.rows, known);
      return [
        ...written({ name, scope, put, removed, isOwned: without === "nothing" }),
        ...(isShared ? writtenParts({ name, scope, before: before.parts, known }) : []),
        ...columnsIndexed(projection, scope, { before: rowsBefore, after: rowsIn(known) }),
        ...indexed(projection, scope, new Map([...put].map(([key, { row }]) => [key, row])), removed),
      ];
    },
    // Rows that are of one stream go whatever code made them; what is to be subtracted must be what this code has added.
    forgets: (others) => !isShared || others === version,
    discard: (scope) => [
      ...discardIndexed(projection, scope),
      ...discardColumns(projection, scope),
      sql`DELETE FROM view_rows WHERE (scope, view, key) IN (SELECT scope, view, key FROM view_rows WHERE scope = ${scope} AND view = ${name} LIMIT 1000)`,
      ...(isShared
        ? [
            sql`DELETE FROM view_parts WHERE (scope, view, key, stream) IN (SELECT scope, view, key, stream FROM view_parts WHERE scope = ${scope} AND view = ${name} LIMIT 1000)`,
          ]
        : []),
    ],
  };
}

const rowsIn = ({ rows }: KnownRows): ReadonlyMap<string, Row> => new Map([...rows].map(([key, { row }]) => [key, row]));

interface KnownTexts {
  readonly rows: ReadonlyMap<string, string>;
  /** By the pair of key and stream. */
  readonly parts: ReadonlyMap<string, string>;
}

function textsOf({ rows, parts }: KnownRows): KnownTexts {
  return { rows: new Map([...rows].map(([key, row]) => [key, rowText(row)])), parts: new Map(pairsOf(parts)) };
}

const rowText = ({ row, stream }: KnownRow): string => JSON.stringify([row, stream]);

const pairsOf = (parts: KnownRows["parts"]): readonly (readonly [pair: string, part: string])[] =>
  [...parts].flatMap(([key, streams]) => [...streams].map(([stream, part]) => [JSON.stringify([key, stream]), JSON.stringify(part)] as const));

interface Changed {
  readonly put: ReadonlyMap<string, KnownRow>;
  readonly removed: readonly string[];
}

/** The rows to write, and the keys of those that are gone. A row that came out as it was is not written, and costs nothing. */
function changedRows(before: ReadonlyMap<string, string>, { rows }: KnownRows): Changed {
  return {
    put: new Map([...rows].filter(([key, row]) => rowText(row) !== before.get(key))),
    removed: [...before.keys()].filter((key) => !rows.has(key)),
  };
}

interface Writing extends Changed {
  readonly name: string;
  readonly scope: string;
  /** Whose they are is to be known. */
  readonly isOwned: boolean;
}

function written({ name, scope, put, removed, isOwned }: Writing): readonly Statement[] {
  const rows = JSON.stringify([...put].map(([key, { row, stream }]) => [key, JSON.stringify(row), isOwned ? stream : ""]));
  return [
    ...(put.size > 0
      ? [
          sql`INSERT INTO view_rows (scope, view, key, row, stream) SELECT ${scope}, ${name}, value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(${rows}) WHERE true
              ON CONFLICT (scope, view, key) DO UPDATE SET row = excluded.row, stream = excluded.stream`,
        ]
      : []),
    ...(removed.length > 0
      ? [sql`DELETE FROM view_rows WHERE scope = ${scope} AND view = ${name} AND key IN (SELECT value FROM json_each(${JSON.stringify(removed)}))`]
      : []),
  ];
}

interface Parts {
  readonly name: string;
  readonly scope: string;
  readonly before: ReadonlyMap<string, string>;
  readonly known: KnownRows;
}

/** With a row that went go all its parts, also those that nobody has read. */
function writtenParts({ name, scope, before, known: { parts, gone } }: Parts): readonly Statement[] {
  const after = new Map(pairsOf(parts));
  const isGone = (pair: string): boolean => gone.has((JSON.parse(pair) as [key: string])[0]);
  const put = [...after].filter(([pair, part]) => isGone(pair) || before.get(pair) !== part);
  const removed = [...before.keys()].filter((pair) => !after.has(pair) && !isGone(pair));
  return [
    ...(gone.size > 0
      ? [sql`DELETE FROM view_parts WHERE scope = ${scope} AND view = ${name} AND key IN (SELECT value FROM json_each(${JSON.stringify([...gone])}))`]
      : []),
    ...(removed.length > 0
      ? [
          sql`DELETE FROM view_parts WHERE scope = ${scope} AND view = ${name}
                AND (key, stream) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${`[${removed.join(",")}]`}))`,
        ]
      : []),
    ...(put.length > 0
      ? [
          sql`INSERT INTO view_parts (scope, view, key, stream, part)
              SELECT ${scope}, ${name}, value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[1]' FROM json_each(${`[${put.map(([pair, part]) => `[${pair},${JSON.stringify(part)}]`).join(",")}]`}) WHERE true
              ON CONFLICT (scope, view, key, stream) DO UPDATE SET part = excluded.part`,
        ]
      : []),
  ];
}
