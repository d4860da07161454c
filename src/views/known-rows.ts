import { type KnownRows, type LoggedEvent, noRows, type Projection, type Row, STREAM_PURGED, type Statement } from "../kernel/index.ts";

const ROWS = "SELECT key, row AS text, stream, 0 AS isPart FROM view_rows WHERE scope = ?1 AND view = ?2";
const PARTS = "SELECT key, part, stream, 1 FROM view_parts WHERE scope = ?1 AND view = ?2";
const PURGED = "stream IN (SELECT value FROM json_each(?4))";

/**
 * Reads the rows that events may touch, and where several streams make a row the parts of the events' own. By key, which costs what is
 * found; only a purge looks through all of the view's for what its stream has made: it is rare, and an index would be written with each row.
 */
export function readKnown(projection: Projection, scope: string, events: readonly LoggedEvent[]): Statement {
  const { name, without } = projection;
  const touched = events.flatMap((event) => projection.keysOf(event).map((key) => [key, event.stream]));
  const purged = without === undefined || without === "everything" ? [] : events.filter(({ type }) => type === STREAM_PURGED).map(({ stream }) => stream);
  const isShared = typeof without === "function";
  const selects = [
    `${ROWS} AND key IN (SELECT value ->> 0 FROM json_each(?3))`,
    ...(isShared ? [`${PARTS} AND (key, stream) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?3))`] : []),
    ...(purged.length > 0 && isShared
      ? [`${PARTS} AND ${PURGED}`, `${ROWS} AND key IN (SELECT key FROM view_parts WHERE scope = ?1 AND view = ?2 AND ${PURGED})`]
      : []),
    ...(purged.length > 0 && !isShared ? [`${ROWS} AND ${PURGED}`] : []),
  ];
  return { sql: selects.join(" UNION ALL "), params: [scope, name, JSON.stringify(touched), ...(purged.length > 0 ? [JSON.stringify(purged)] : [])] };
}

/** What `readKnown` has read, to be folded into. */
export function knownRows(read: readonly Row[]): KnownRows {
  const known = noRows();
  for (const { key, text, stream, isPart } of read as unknown as readonly KnownText[]) {
    const row = JSON.parse(text) as Row;
    if (isPart === 0) known.rows.set(key, { row, stream });
    else known.parts.set(key, (known.parts.get(key) ?? new Map<string, Row>()).set(stream, row));
  }
  return known;
}

interface KnownText {
  readonly key: string;
  readonly text: string;
  readonly stream: string;
  readonly isPart: number;
}
