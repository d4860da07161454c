import { type EventEnvelope, envelopeText, type JsonText, PURGED, type RecordedEvent, uuid7Time } from "../../src/kernel/index.ts";
import type { StreamIdentity } from "./contract.ts";
import { EventJoiner, type JoinedEvents, type JoinedRange } from "./event-joiner.ts";
import { packed, unpacked } from "./stored-data.ts";
import { EMPTY, memoryAfter, type SeenAnswer, type SeenEvent, type StreamMemory } from "./stream-memory.ts";

/** Rows that one statement empties or deletes: a long stream is walked in steps. */
export const STEP = 1_000;

/** Rows of one statement, at most: it has 100 parameters, and takes no longer for a row from here on. */
const MOST_ROWS = 32;

/** So many of the rows that are left: powers of two, so that there are few statements to prepare. */
function rowsAtOnce(left: number): number {
  return Math.min(MOST_ROWS, 2 ** Math.floor(Math.log2(left)));
}

const inserts = new Map<number, string>();

function insertOf(rows: number): string {
  const known = inserts.get(rows);
  if (known !== undefined) return known;
  const values = Array.from({ length: rows }, (_, row) => `(?1 + ${row}, ?${2 * row + 2}, ?${2 * row + 3})`);
  const statement = `INSERT INTO events_v1 (version, envelope, data) VALUES ${values.join(", ")}`;
  inserts.set(rows, statement);
  return statement;
}

/**
 * A stream in its object's SQLite.
 *
 *     events_v1  version   1, 2, 3…; a comment in the table's definition is the object's own name, `<tenant>/<stream>`,
 *                          for an object's id does not tell it
 *                envelope  all of the event but its data, as JSON
 *                data      the data: the JSON that came, as text, or deflated (a blob) where that pays; '' once purged
 *     seen       kind      'event' for an event's id from outside, 'key' for an Idempotency-Key
 *                source    the event's source, or ''
 *                id        the event's id, or the key
 *                answer    SeenEvent or SeenAnswer, as JSON
 *     settings   name      'retention', 'snapshot' or 'emptied' (a purge is through)
 *                value     JSON
 *
 * The tables are made with their first use, in its transaction. An INTEGER PRIMARY KEY and no index: one row written per event.
 */
export class StreamStore {
  readonly identity: StreamIdentity;
  /** Rows written since the object woke, as they are billed; alarms are counted by the alarm clock. */
  rowsWritten = 0;
  readonly #sql: SqlStorage;
  #memory: StreamMemory | undefined;
  #tables: Set<string> | undefined;
  readonly #joiner: EventJoiner;

  constructor(sql: SqlStorage, identity: StreamIdentity) {
    this.#sql = sql;
    this.#joiner = new EventJoiner(sql);
    this.identity = identity;
  }

  get memory(): StreamMemory {
    this.#memory ??= this.#load();
    return this.#memory;
  }

  set memory(memory: StreamMemory) {
    this.#memory = memory;
  }

  /** Forgets what is in memory: after a transaction that failed, only the disk is to be believed. */
  drop(): void {
    this.#memory = undefined;
    this.#tables = undefined;
  }

  /** Writes events whose versions follow each other, many in one statement: half the cost of one in each. */
  insert(events: readonly RecordedEvent[]): void {
    if (this.identity.stream === "") throw new Error("expected the object to know its name: it was woken by its id, and holds no stream");
    // A name's characters need no escaping, and SQLite keeps the comment with the table: the name costs no row.
    const { tenant, stream } = this.identity;
    this.#make(
      "events_v1",
      `CREATE TABLE IF NOT EXISTS events_v1 ( -- ${tenant}/${stream}\n version INTEGER PRIMARY KEY, envelope TEXT NOT NULL, data ANY NOT NULL) STRICT`,
    );
    for (let at = 0; at < events.length;) {
      const rows = events.slice(at, at + rowsAtOnce(events.length - at));
      const values = rows.flatMap((event) => [envelopeText(event), packed(event.data)]);
      this.#run(insertOf(rows.length), rows[0]?.version ?? 0, ...values);
      at += rows.length;
    }
  }

  /** The event that came from `source` with `id`; undefined where none did. */
  seenEvent(source: string, id: string): SeenEvent | undefined {
    return this.#seen<SeenEvent>("event", source, id);
  }

  /**
   * The event that was given this id by this object. Such ids are not remembered, for that would cost a row each; but a UUIDv7 says
   * when it was made, and that is where to look.
   */
  ownEvent(source: string, id: string): SeenEvent | undefined {
    const milliseconds = uuid7Time(id);
    if (milliseconds === undefined) return undefined;
    const made = new Date(milliseconds).toISOString();
    for (let version = this.firstSince(made); ; version++) {
      const event = version <= this.memory.version ? this.envelope(version) : undefined;
      if (event === undefined || event.recorded !== made) return undefined;
      if (event.id === id && event.source === source) return event;
    }
  }

  /** The first version `recorded` at a time or later; one past the end where none is. `recorded` never falls, so halving finds it. */
  firstSince(time: string): number {
    if (time > this.memory.recorded) return this.memory.version + 1;
    let low = this.firstVersion();
    let high = this.memory.version + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.envelope(middle)?.recorded ?? "") < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  seenKey(key: string): SeenAnswer | undefined {
    return this.#seen<SeenAnswer>("key", "", key);
  }

  rememberEvent(source: string, id: string, { version, hash, type, dataHash }: RecordedEvent): void {
    this.#remember("event", source, id, JSON.stringify({ version, hash, type, dataHash } satisfies SeenEvent));
  }

  rememberKey(key: string, answer: SeenAnswer): void {
    this.#remember("key", "", key, JSON.stringify(answer));
  }

  setting<Value>(name: string): Value | undefined {
    if (!this.#has("settings")) return undefined;
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM settings WHERE name = ?", name);
    return row === undefined ? undefined : (JSON.parse(row.value) as Value);
  }

  putSetting(name: string, value: unknown): void {
    this.#make("settings", "CREATE TABLE IF NOT EXISTS settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID");
    this.#run("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, JSON.stringify(value));
  }

  /** Deletes up to 1,000 events before a version; says whether there are more. The last event always stays: the chain goes on from it. */
  truncate(before: number): boolean {
    if (!this.#has("events_v1")) return false;
    const end = Math.min(before, this.memory.version);
    this.#run("DELETE FROM events_v1 WHERE version IN (SELECT version FROM events_v1 WHERE version < ? ORDER BY version LIMIT ?)", end, STEP);
    return this.firstVersion() < end;
  }

  /** Empties the data of up to 1,000 events from a version on; gives the version to go on with, or undefined at the end. */
  empty(from: number): number | undefined {
    const end = Math.min(from + STEP, this.memory.version);
    this.#run("UPDATE events_v1 SET data = '' WHERE version >= ? AND version < ? AND data <> ''", from, end);
    return end < this.memory.version ? end : undefined;
  }

  /** The stored texts of a range of versions (inclusive), in the given order, read as they are asked for. */
  *texts(from: number, to: number, direction: "forward" | "backward" = "forward"): Generator<{ version: number; envelope: JsonText; data: JsonText }> {
    if (!this.#has("events_v1")) return;
    const order = direction === "forward" ? "ASC" : "DESC";
    const { isPurged, version: last } = this.memory;
    const rows = this.#sql.exec<{ version: number; envelope: JsonText; data: JsonText | ArrayBuffer }>(
      `SELECT version, envelope, data FROM events_v1 WHERE version BETWEEN ? AND ? ORDER BY version ${order}`,
      from,
      to,
    );
    for (const { version, envelope, data } of rows) {
      yield { version, envelope, data: isPurged && version < last ? PURGED : unpacked(data) };
    }
  }

  /** Events as the API gives them, joined; undefined where they are to be read one by one. */
  joined(range: JoinedRange): JoinedEvents | undefined {
    return this.memory.isPurged || !this.#has("events_v1") ? undefined : this.#joiner.join(range);
  }

  envelope(version: number): EventEnvelope | undefined {
    if (!this.#has("events_v1")) return undefined;
    const [row] = this.#sql.exec<{ envelope: string }>("SELECT envelope FROM events_v1 WHERE version = ?", version);
    return row === undefined ? undefined : (JSON.parse(row.envelope) as EventEnvelope);
  }

  /** The first version that is still here; 1 unless the stream was truncated. */
  firstVersion(): number {
    if (!this.#has("events_v1")) return 1;
    return this.#sql.exec<{ first: number | null }>("SELECT min(version) AS first FROM events_v1").one().first ?? 1;
  }

  #load(): StreamMemory {
    if (!this.#has("events_v1")) return EMPTY;
    const [row] = this.#sql.exec<{ envelope: string }>("SELECT envelope FROM events_v1 ORDER BY version DESC LIMIT 1");
    if (row === undefined) return EMPTY;
    return memoryAfter(JSON.parse(row.envelope) as EventEnvelope);
  }

  #seen<Answer>(kind: "event" | "key", source: string, id: string): Answer | undefined {
    if (!this.#has("seen")) return undefined;
    const [row] = this.#sql.exec<{ answer: string }>("SELECT answer FROM seen WHERE kind = ? AND source = ? AND id = ?", kind, source, id);
    return row === undefined ? undefined : (JSON.parse(row.answer) as Answer);
  }

  #remember(kind: "event" | "key", source: string, id: string, answer: string): void {
    this.#make(
      "seen",
      "CREATE TABLE IF NOT EXISTS seen (kind TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (kind, source, id)) STRICT, WITHOUT ROWID",
    );
    this.#run("INSERT INTO seen (kind, source, id, answer) VALUES (?, ?, ?, ?)", kind, source, id, answer);
  }

  #make(table: string, statement: string): void {
    if (this.#has(table)) return;
    this.#run(statement);
    this.#tables?.add(table);
  }

  #has(table: string): boolean {
    this.#tables ??= new Set(
      this.#sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map((row) => row.name),
    );
    return this.#tables.has(table);
  }

  #run(statement: string, ...params: SqlStorageValue[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...params).rowsWritten;
  }
}

/** The object's own name, as its table's definition keeps it; undefined where nothing was ever appended. */
export function nameInStorage(sql: SqlStorage): string | undefined {
  const [row] = sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'events_v1'");
  return row === undefined ? undefined : /-- (\S+)\n/.exec(row.sql)?.[1];
}
