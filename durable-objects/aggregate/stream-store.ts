import { type EventEnvelope, envelopeText, GENESIS_HASH, type Hash, type JsonText, type RecordedEvent } from "../../src/kernel/index.ts";
import type { StreamIdentity } from "./contract.ts";

/** What an object keeps in memory of its stream. Replaced, never changed, so that dropping a failed commit is one assignment. */
export interface StreamMemory {
  readonly version: number;
  readonly hash: Hash;
  /** `recorded` of the last event; the empty string before the first. */
  readonly recorded: string;
  /** The fold up to `version`, once something asked for it. */
  readonly state?: { readonly value: unknown };
}

/** What is remembered of an `Idempotency-Key`: enough to give the first answer again. */
export interface SeenAnswer {
  readonly fingerprint: Hash;
  readonly created: boolean;
  /** One for each event of the request. */
  readonly versions: readonly number[];
}

const EMPTY: StreamMemory = { version: 0, hash: GENESIS_HASH, recorded: "" };

/**
 * A stream in its object's SQLite.
 *
 *     events_v1  version   1, 2, 3…; a comment in the table's definition is the object's own name, `<tenant>/<stream>`,
 *                          for an object's id does not tell it
 *                envelope  all of the event but its data, as JSON
 *                data      the data, as the JSON that came
 *     seen       kind      'event' for an event's id from outside, 'key' for an Idempotency-Key
 *                source    the event's source, or ''
 *                id        the event's id, or the key
 *                version   of the event, or 0
 *                answer    for a key: SeenAnswer as JSON
 *
 * Both tables are made with their first use, in its transaction. An INTEGER PRIMARY KEY and no index: one row written per event.
 */
export class StreamStore {
  readonly identity: StreamIdentity;
  /** Rows written since the object woke, as they are billed; alarms are counted by the alarm clock. */
  rowsWritten = 0;
  readonly #sql: SqlStorage;
  #memory: StreamMemory | undefined;
  #tables: Set<string> | undefined;

  constructor(sql: SqlStorage, identity: StreamIdentity) {
    this.#sql = sql;
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

  insert(event: RecordedEvent): void {
    if (!this.#has("events_v1")) this.#create();
    this.#run("INSERT INTO events_v1 (version, envelope, data) VALUES (?, ?, ?)", event.version, envelopeText(event), event.data);
  }

  /** The version of the event that came from `source` with `id`; undefined where none did. */
  seenEvent(source: string, id: string): number | undefined {
    return this.#seen("event", source, id)?.version;
  }

  seenKey(key: string): SeenAnswer | undefined {
    const row = this.#seen("key", "", key);
    return row === undefined ? undefined : (JSON.parse(row.answer as string) as SeenAnswer);
  }

  rememberEvent(source: string, id: string, version: number): void {
    this.#remember("event", source, id, version, null);
  }

  rememberKey(key: string, answer: SeenAnswer): void {
    this.#remember("key", "", key, 0, JSON.stringify(answer));
  }

  /** The stored texts of a range of versions (inclusive), in the given order, read as they are asked for. */
  *texts(from: number, to: number, direction: "forward" | "backward" = "forward"): Generator<{ version: number; envelope: JsonText; data: JsonText }> {
    if (!this.#has("events_v1")) return;
    const order = direction === "forward" ? "ASC" : "DESC";
    yield* this.#sql.exec<{ version: number; envelope: JsonText; data: JsonText }>(
      `SELECT version, envelope, data FROM events_v1 WHERE version BETWEEN ? AND ? ORDER BY version ${order}`,
      from,
      to,
    );
  }

  envelope(version: number): EventEnvelope | undefined {
    for (const row of this.texts(version, version)) return JSON.parse(row.envelope) as EventEnvelope;
    return undefined;
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
    const { version, hash, recorded } = JSON.parse(row.envelope) as EventEnvelope;
    return { version, hash, recorded };
  }

  #seen(kind: "event" | "key", source: string, id: string): { version: number; answer: string | null } | undefined {
    if (!this.#has("seen")) return undefined;
    const [row] = this.#sql.exec<{ version: number; answer: string | null }>(
      "SELECT version, answer FROM seen WHERE kind = ? AND source = ? AND id = ?",
      kind,
      source,
      id,
    );
    return row;
  }

  #remember(kind: "event" | "key", source: string, id: string, version: number, answer: string | null): void {
    if (!this.#has("seen")) {
      this.#run(
        "CREATE TABLE IF NOT EXISTS seen (kind TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, answer TEXT, PRIMARY KEY (kind, source, id)) STRICT, WITHOUT ROWID",
      );
      this.#tables?.add("seen");
    }
    this.#run("INSERT INTO seen (kind, source, id, version, answer) VALUES (?, ?, ?, ?, ?)", kind, source, id, version, answer);
  }

  #create(): void {
    // A name's characters need no escaping, and SQLite keeps the comment with the table: the name costs no row.
    const { tenant, stream } = this.identity;
    this.#run(
      `CREATE TABLE IF NOT EXISTS events_v1 ( -- ${tenant}/${stream}\n version INTEGER PRIMARY KEY, envelope TEXT NOT NULL, data TEXT NOT NULL) STRICT`,
    );
    this.#tables?.add("events_v1");
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
