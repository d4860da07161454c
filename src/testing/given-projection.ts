import assert from "node:assert/strict";
import { type EventMetadata, GENESIS_HASH, jsonText, type LoggedEvent, type NewFact, type Projection, type Row } from "../kernel/index.ts";

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

/** `givenLog(projection, happened(…), …).thenRows(…)`: a projection's test, whatever runs it. */
export function givenLog(projection: Projection, ...events: readonly Happened[]): { readonly rows: readonly Row[]; thenRows(...rows: readonly Row[]): void } {
  const rows = rowsOf(projection, logged(events));
  return {
    rows,
    thenRows(...expected) {
      assert.deepEqual(rows, expected);
      for (const row of rows) projection.row.parse(row);
    },
  };
}

/** The rows that a projection makes of a log, by key. */
export function rowsOf(projection: Projection, log: readonly LoggedEvent[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const event of log.filter(({ type }) => projection.types.has(type))) {
    for (const key of projection.keysOf(event)) {
      const next = projection.apply(rows.get(key), event, key);
      if (next === undefined) rows.delete(key);
      else rows.set(key, next);
    }
  }
  return [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
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
