import type { JsonText, RecordedEvent } from "../../../src/kernel/index.ts";
import type { World } from "../world/world.ts";

/** A stream as its object has it on disk. */
export interface StoredStream {
  /** `t1/note-1` */
  readonly name: string;
  readonly tenant: string;
  /** What is still stored, in the order of versions. */
  readonly events: readonly RecordedEvent[];
  readonly settings: ReadonlyMap<string, unknown>;
}

/** An event as the log has it. */
export interface LogEvent extends RecordedEvent {
  readonly tenant: string;
  readonly position: number;
}

/** All that is on disk when everything has come to rest. Read without the engine. */
export interface FinalState {
  readonly streams: readonly StoredStream[];
  /** In the order of positions, by tenant. */
  readonly log: ReadonlyMap<string, readonly LogEvent[]>;
  /** Each stream's whole history: what the object keeps, and before that what the log has. */
  readonly histories: ReadonlyMap<string, readonly RecordedEvent[]>;
}

export function finalState(world: World): FinalState {
  const log = logOf(world);
  const streams = [...world.streams.hosts.values()].map(({ name, database }): StoredStream => {
    const tables = new Set(database.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => row.name));
    const rows = tables.has("events_v1")
      ? database.rows<{ version: number; envelope: string; data: JsonText }>("SELECT version, envelope, data FROM events_v1 ORDER BY version")
      : [];
    const settings = tables.has("settings") ? database.rows<{ name: string; value: string }>("SELECT name, value FROM settings") : [];
    return {
      name,
      tenant: name.split("/")[0] as string,
      events: rows.map(({ version, envelope, data }) => ({ ...(JSON.parse(envelope) as RecordedEvent), version, data })),
      settings: new Map(settings.map(({ name, value }) => [name, JSON.parse(value)])),
    };
  });
  const histories = new Map(
    streams.map(({ name, tenant, events }) => {
      const first = events[0]?.version ?? 1;
      const before = (log.get(tenant) ?? []).filter((event) => `${tenant}/${event.stream}` === name && event.version < first);
      return [name, [...before, ...events]];
    }),
  );
  return { streams, log, histories };
}

function logOf(world: World): ReadonlyMap<string, readonly LogEvent[]> {
  const rows = world.log.database.rows<Record<string, unknown>>("SELECT * FROM events ORDER BY tenant, position");
  const events = rows.map(({ schema_version, previous_hash, data_hash, metadata, cloudevent, ...row }): LogEvent => {
    const rest = cloudevent === null ? {} : { cloudevent: JSON.parse(cloudevent as string) };
    return {
      ...(row as unknown as LogEvent),
      schemaVersion: schema_version as number,
      previousHash: previous_hash as string,
      dataHash: data_hash as string,
      metadata: JSON.parse(metadata as string),
      ...rest,
    };
  });
  return Map.groupBy(events, ({ tenant }) => tenant);
}

/** What our clients put into an event's data, to know it again. */
export function markOf({ data }: RecordedEvent): string | undefined {
  if (data === "") return undefined;
  const { mark, secret } = JSON.parse(data) as { mark?: string; secret?: string };
  return mark ?? secret;
}
