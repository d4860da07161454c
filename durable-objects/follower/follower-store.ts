import type { Attempt } from "../../src/kernel/index.ts";
import type { FollowerDefinition, FollowerStanding } from "./contract.ts";

/** Attempts that are kept with the cursor, for those who ask what happened last. */
const KEPT_ATTEMPTS = 50;

/** How far a follower has come. One row, written with a batch. */
export interface Cursor {
  /** Everything up to here is delivered, parked, or in a lane of its own. */
  readonly position: number;
  /** Of the log that the position is of. */
  readonly epoch: string;
  /** The mark of the event at the position; null where it was never read. */
  readonly entry: string | null;
  readonly counts: FollowerStanding["counts"];
  readonly attempts: FollowerStanding["attempts"];
  /** Why it goes no further by itself: the log is another one, or too much is parked. */
  readonly stopped: { readonly because: "log" | "parked"; readonly reason: string } | null;
  /** Nothing has got through since it was said that deliveries fail. */
  readonly isFailing: boolean;
}

/** What a follower was told by its subscription's stream. */
export interface Told {
  /** Of the subscription's stream. */
  readonly version: number;
  readonly definition: FollowerDefinition;
}

/**
 * A stream (or, without order, an event) that has left the main way. `retrying` and `parked`: `position` waits for another attempt,
 * or for somebody to redrive it. `catching-up`: `position` is done, and what follows in the stream comes next.
 */
export interface Lane {
  /** The stream's name; without order `#<position>`, which no stream is called. */
  readonly key: string;
  readonly stream: string;
  readonly position: number;
  /** Of the event at the position, while it waits: in a log that was set back another may stand there. */
  readonly id: string;
  readonly state: "retrying" | "parked" | "catching-up";
  /** Milliseconds since 1970: the next attempt, not before. */
  readonly due: number;
  /** Attempts since it left the main way, or was redriven. */
  readonly tries: number;
  /** All there ever were. */
  readonly attempts: readonly Attempt[];
  /** Data that stands in for the event's own, once. */
  readonly edit?: { readonly data: unknown };
  /** The redrive that it is part of: it has one attempt. */
  readonly run?: string;
  /** For those who ask which dead letters there are: of the event. */
  readonly type: string;
  /** There once D1 was asked to take a copy of it: whoever takes the lane away takes that away too. */
  readonly parkedAt?: string;
  /** Its attempts are over, and D1 may have no copy of it yet: whoever finds it so parks it. */
  readonly isOver?: true;
  /** The log was another one when it was made: its event may be gone. */
  readonly isOfBefore?: true;
}

/** What one who pulls has outstanding is kept under this name. */
export const LEASES = "leases";

export const NO_COUNTS: FollowerStanding["counts"] = { delivered: 0, failed: 0, parked: 0 };

/** What a follower keeps, in the SQLite of its object. */
export class FollowerStore {
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;
  readonly lanes = new Map<string, Lane>();
  cursor: Cursor | undefined;
  told: Told | undefined;
  rowsWritten = 0;
  /** The names of what is kept beside the lanes, so that where there is nothing nothing is asked. */
  readonly #names = new Set<string>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#load();
  }

  /** What is on disk. */
  #load(): void {
    const isThere = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'kept_v1'").toArray().length > 0;
    this.cursor = isThere ? this.#read<Cursor>("cursor") : undefined;
    this.told = isThere ? this.#read<Told>("told") : undefined;
    this.#names.clear();
    this.lanes.clear();
    if (!isThere) return;
    for (const { key } of this.#sql.exec<{ key: string }>("SELECT key FROM kept_v1")) this.#names.add(key);
    for (const { key, value } of this.#sql.exec<{ key: string; value: string }>("SELECT key, value FROM lanes_v1"))
      this.lanes.set(key, JSON.parse(value) as Lane);
  }

  /** Moves the cursor, or says what else is new of it. */
  putCursor(cursor: Cursor): void {
    this.put("cursor", { ...cursor, attempts: cursor.attempts.slice(0, KEPT_ATTEMPTS) });
    this.cursor = cursor;
  }

  putTold(told: Told): void {
    this.put("told", told);
    this.told = told;
  }

  putLane(lane: Lane): void {
    this.#make();
    this.#write("INSERT INTO lanes_v1 (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", lane.key, JSON.stringify(lane));
    this.lanes.set(lane.key, lane);
  }

  removeLane(key: string): void {
    if (!this.lanes.has(key)) return;
    this.#write("DELETE FROM lanes_v1 WHERE key = ?", key);
    this.lanes.delete(key);
  }

  /** A value by name, for what is not always there: replays, redrives, leases. */
  read<Value>(key: string): Value | undefined {
    return this.#names.has(key) ? this.#read<Value>(key) : undefined;
  }

  /** All values whose name begins so, in the order of their names. */
  readAll<Value>(prefix: string): readonly Value[] {
    const names = [...this.#names].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => this.#read<Value>(name) as Value);
  }

  put(key: string, value: unknown): void {
    this.#make();
    this.#write("INSERT INTO kept_v1 (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", key, JSON.stringify(value));
    this.#names.add(key);
  }

  remove(key: string): void {
    if (!this.#names.has(key)) return;
    this.#write("DELETE FROM kept_v1 WHERE key = ?", key);
    this.#names.delete(key);
  }

  /** Several changes in one commit. What is kept in memory moves with them; where they fail, it is what is on disk. */
  together(change: () => void): void {
    try {
      this.#storage.transactionSync(change);
    } catch (fault) {
      this.#load();
      throw fault;
    }
  }

  /** Forgets everything: the follower is gone. */
  async forget(): Promise<void> {
    await this.#storage.deleteAll();
    this.cursor = undefined;
    this.told = undefined;
    this.lanes.clear();
    this.#names.clear();
  }

  #read<Value>(key: string): Value | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM kept_v1 WHERE key = ?", key).toArray();
    return row && (JSON.parse(row.value) as Value);
  }

  #make(): void {
    if (this.#names.size > 0) return;
    // The second one says that both are there.
    this.#sql.exec("CREATE TABLE IF NOT EXISTS lanes_v1 (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    this.#sql.exec("CREATE TABLE IF NOT EXISTS kept_v1 (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  }

  #write(statement: string, ...params: readonly string[]): void {
    const cursor = this.#sql.exec(statement, ...params);
    cursor.toArray();
    this.rowsWritten += cursor.rowsWritten;
  }
}
