import { Buffer } from "node:buffer";
import { jsonText, type JsonText, type LogHead, metadataText, randomHex, type RecordedEvent } from "../kernel/index.ts";
import type { EventRow } from "./logged-page.ts";

/** An event and whose it is. */
export interface TenantEvent {
  readonly tenant: string;
  readonly event: RecordedEvent;
}

/** Most events in one transaction. */
export const MAX_EVENTS = 500;
/** Most bytes of rows in one transaction; D1 takes 2 MB as one parameter. */
export const MAX_BYTES = 1_000_000;
/** Statements of one commit, each counted by D1 towards 1,000 an invocation. */
export const STATEMENTS_PER_COMMIT = 4;

/** Rows as they go to D1: built once, measured, and sent together. */
export interface EventRows {
  readonly events: readonly TenantEvent[];
  /** The JSON of each event's row. */
  readonly rows: readonly string[];
  /** The data of a single event that is too large to go inside the JSON of the rows. */
  readonly largeData: string | null;
}

/** Cuts events into batches that one transaction can take, in their order. */
export function* batched(events: Iterable<TenantEvent>): Generator<EventRows> {
  let batch: TenantEvent[] = [];
  let rows: string[] = [];
  let bytes = 0;
  const ordinals = new Map<string, number>();
  const flush = (): EventRows => {
    const full = { events: batch, rows, largeData: null };
    batch = [];
    rows = [];
    bytes = 0;
    ordinals.clear();
    return full;
  };
  for (const item of events) {
    // Escaped inside JSON a text can double; such an event goes alone, its data as a parameter of its own.
    if (item.event.data.length > MAX_BYTES / 4) {
      if (batch.length > 0) yield flush();
      yield { events: [item], rows: [rowText(item, 1, null)], largeData: item.event.data };
      continue;
    }
    let text = rowText(item, (ordinals.get(item.tenant) ?? 0) + 1, item.event.data);
    const size = Buffer.byteLength(text);
    if (batch.length === MAX_EVENTS || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      yield flush();
      text = rowText(item, 1, item.event.data);
    }
    ordinals.set(item.tenant, (ordinals.get(item.tenant) ?? 0) + 1);
    batch.push(item);
    rows.push(text);
    bytes += size;
  }
  if (batch.length > 0) yield flush();
}

function rowText({ tenant, event }: TenantEvent, ordinal: number, data: JsonText | null): string {
  const { stream, version, id, type, schemaVersion, time, recorded, source, metadata, cloudevent, hash, previousHash, dataHash } = event;
  const row: EventRow = [
    tenant,
    ordinal,
    stream,
    version,
    id,
    type,
    schemaVersion,
    time,
    recorded,
    source,
    metadataText(metadata),
    cloudevent === undefined ? null : jsonText(cloudevent),
    hash,
    previousHash,
    dataHash,
    data,
    // The mark of this entry into the log.
    randomHex(8),
  ];
  return JSON.stringify(row);
}

/** (`json_each` would write each row out as text again, for every `->>` to read; SQLite has `jsonb_each` since 3.51.) */
const INSERT_EVENTS = `
  INSERT INTO events (tenant, position, stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, data, entry)
  SELECT row.value ->> 0, heads.position + (row.value ->> 1), row.value ->> 2, row.value ->> 3, row.value ->> 4, row.value ->> 5, row.value ->> 6, row.value ->> 7,
         row.value ->> 8, row.value ->> 9, row.value ->> 10, row.value ->> 11, row.value ->> 12, row.value ->> 13, row.value ->> 14, coalesce(row.value ->> 15, ?2), row.value ->> 16
  FROM jsonb_each(?1) AS row JOIN heads ON heads.tenant = row.value ->> 0 AND heads.deleted IS NULL
  ORDER BY row.key`;

const UPSERT_STREAMS = `
  INSERT INTO streams (tenant, stream, version, hash, position, created, updated)
  SELECT row.value ->> 0, row.value ->> 1, row.value ->> 2, row.value ->> 3, heads.position + (row.value ->> 4), row.value ->> 5, row.value ->> 6
  FROM json_each(?1) AS row JOIN heads ON heads.tenant = row.value ->> 0 AND heads.deleted IS NULL
  WHERE true
  ON CONFLICT (tenant, stream) DO UPDATE SET version = excluded.version, hash = excluded.hash, position = excluded.position, updated = excluded.updated`;

/** (RETURNING sees the heads alone, so how many events are behind them is looked up again.) */
const MOVE_HEADS = `
  UPDATE heads SET position = position + (row.value ->> 1), bytes = bytes + (row.value ->> 2)
  FROM json_each(?1) AS row WHERE heads.tenant = row.value ->> 0 AND heads.deleted IS NULL
  RETURNING tenant, position, epoch, (
    SELECT entry FROM events
    WHERE events.tenant = heads.tenant AND events.position = heads.position - (SELECT value ->> 1 FROM json_each(?1) WHERE value ->> 0 = heads.tenant)
  ) AS entryBefore`;

/** Where a log is now, and the entry of the event before those that a commit wrote; null where they are the first. */
export interface NewHead extends LogHead {
  readonly entryBefore: string | null;
}

/** What a commit has done: the rows written, as D1 bills them, and where the tenants' logs are now: of a deleted one nothing was taken, and it is not among them. */
export interface Committed {
  readonly rowsWritten: number;
  readonly heads: ReadonlyMap<string, NewHead>;
}

/**
 * Writes events into the log in one transaction, behind the tenants' heads, in the order given: a stream's events stand together.
 * Rejects with `log_guard: …` where an event does not continue its stream; then nothing was written.
 */
export async function commitEvents(db: D1Database, rows: EventRows): Promise<Committed> {
  const counts = new Map<string, number>();
  const bytes = new Map<string, number>();
  const streams = new Map<string, readonly unknown[]>();
  for (const { tenant, event } of rows.events) {
    const ordinal = (counts.get(tenant) ?? 0) + 1;
    counts.set(tenant, ordinal);
    bytes.set(tenant, (bytes.get(tenant) ?? 0) + Buffer.byteLength(event.data) + Buffer.byteLength(metadataText(event.metadata)));
    const key = `${tenant}/${event.stream}`;
    const created = streams.get(key)?.[5] ?? event.recorded;
    streams.set(key, [tenant, event.stream, event.version, event.hash, ordinal, created, event.recorded]);
  }
  const tenants = JSON.stringify([...counts].map(([tenant, count]) => [tenant, count, bytes.get(tenant)]));
  const results = await db.batch<NewHead & { tenant: string }>([
    db
      .prepare(
        "INSERT INTO heads (tenant, position, epoch) SELECT value ->> 0, 0, lower(hex(randomblob(8))) FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
      )
      .bind(tenants),
    db.prepare(INSERT_EVENTS).bind(`[${rows.rows.join(",")}]`, rows.largeData),
    db.prepare(UPSERT_STREAMS).bind(JSON.stringify([...streams.values()])),
    db.prepare(MOVE_HEADS).bind(tenants),
  ]);
  return {
    rowsWritten: results.reduce((sum, result) => sum + (result.meta.rows_written ?? 0), 0),
    heads: new Map(results.at(-1)?.results.map(({ tenant, ...head }) => [tenant, head])),
  };
}

/** Whether an error of `commitEvents` is the guard's doing: somebody else wrote first, or a fork. */
export function isGuardError(error: unknown): boolean {
  return String(error).includes("log_guard");
}

/** Whether D1 understood and refused, by the guard or for what the rows are: then one bad stream must not keep the others out. */
export function isRefused(error: unknown): boolean {
  return isGuardError(error) || /SQLITE_(CONSTRAINT|ERROR|TOOBIG|MISMATCH)/.test(String(error));
}
