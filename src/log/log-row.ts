import { envelopeText, type EventMetadata, eventText, type JsonText, type LoggedEvent } from "../kernel/index.ts";

/** A row of `events`, as migrations/log describes it. */
export interface LogRow {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly time: string;
  readonly recorded: string;
  readonly source: string;
  readonly metadata: string;
  readonly cloudevent: string | null;
  readonly hash: string;
  readonly previous_hash: string;
  readonly data_hash: string;
  readonly data: JsonText;
  readonly entry: string;
}

/** The columns of a LogRow, for a SELECT. */
export const LOG_COLUMNS =
  "position, stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, data, entry";

/** The event of a row; `metadata`, where the caller has read the same text already. */
export function eventOf(row: LogRow, metadata = JSON.parse(row.metadata) as EventMetadata): LoggedEvent {
  const { position, stream, version, id, type, time, recorded, source, hash, data } = row;
  return {
    position,
    id,
    stream,
    version,
    type,
    schemaVersion: row.schema_version,
    time,
    recorded,
    source,
    metadata,
    ...(row.cloudevent === null ? {} : { cloudevent: JSON.parse(row.cloudevent) }),
    hash,
    previousHash: row.previous_hash,
    dataHash: row.data_hash,
    data,
    entry: row.entry,
  };
}

/** The event as the API gives it, with its position. */
export function loggedEventText(event: LoggedEvent): JsonText {
  return eventText(envelopeText(event), event.data, event.position);
}
