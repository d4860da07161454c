import assert from "node:assert/strict";
import {
  type EventMetadata,
  foldInto,
  GENESIS_HASH,
  jsonText,
  type LoggedEvent,
  type NewFact,
  noRows,
  type Projection,
  PURGED,
  type Row,
  STREAM_PURGED,
} from "../kernel/index.ts";

/** A fact in a stream: what a projection reads. */
export interface Happened {
  readonly stream: string;
  readonly fact: NewFact;
  readonly recorded: string;
}

const METADATA: EventMetadata = {
  correlationId: "test",
  priority: "normal",
  traceparent: "00-00000000000000000000000000000001-0000000000000001-01",
  actor: "test",
};

/** `happened("order-o1", orderEvents.OrderPlaced({ … }))`; `recorded` is 2026-01-01T00:00:00.000Z unless said. */
export function happened(stream: string, fact: NewFact, recorded = "2026-01-01T00:00:00.000Z"): Happened {
  return { stream, fact, recorded };
}

/**
 * `givenLog(projection, happened(…), …).thenRows(…)`: a projection's test, whatever runs it. Also holds it to the law that a purge leaves
 * what a rebuild would: the rows without the stream's data.
 */
export function givenLog(projection: Projection, ...events: readonly Happened[]): { readonly rows: readonly Row[]; thenRows(...rows: readonly Row[]): void } {
  const log = logged(events);
  const rows = rowsOf(projection, log);
  return {
    rows,
    thenRows(...expected) {
      assert.deepEqual(rows, expected);
      for (const row of rows) projection.row.parse(row);
      for (const stream of new Set(log.map((event) => event.stream))) assertPurged(projection, log, stream);
    },
  };
}

function assertPurged(projection: Projection, log: readonly LoggedEvent[], stream: string): void {
  const [purge] = logged([happened(stream, { type: STREAM_PURGED, data: {} })]);
  const live = rowsOf(projection, [...log, purge as LoggedEvent]);
  const rebuilt = rowsOf(projection, [...log.map((event) => (event.stream === stream ? { ...event, data: PURGED } : event)), purge as LoggedEvent]);
  const both = `it leaves ${JSON.stringify(live)}, a rebuild gives ${JSON.stringify(rebuilt)}`;
  assert.deepEqual(live, rebuilt, `expected "without" of ${projection.name} to take away all that ${stream} has made: ${both}`);
}

/** The rows that a projection makes of a log, by key. */
export function rowsOf(projection: Projection, log: readonly LoggedEvent[]): readonly Row[] {
  const known = noRows();
  for (const event of log.filter(({ type }) => projection.types.has(type))) foldInto(known, projection, event);
  return [...known.rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, { row }]) => row);
}

/** Facts as the log has them, in their order: with positions, and versions by stream. */
export function logged(events: readonly Happened[]): readonly LoggedEvent[] {
  const versions = new Map<string, number>();
  return events.map(({ stream, fact: { type, data, schemaVersion = 1, source = "/test" }, recorded }, index) => {
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    const hashes = { hash: GENESIS_HASH, previousHash: GENESIS_HASH, dataHash: GENESIS_HASH };
    return {
      id: `e${index + 1}`,
      stream,
      version,
      position: index + 1,
      type,
      schemaVersion,
      time: recorded,
      recorded,
      source,
      metadata: METADATA,
      ...hashes,
      data: jsonText(data),
    };
  });
}
