import type { ObjectActor } from "./object-actor.ts";
import { isRead, type Row } from "./sqlite.ts";

/** What one statement gave. */
class Cursor {
  readonly rowsWritten: number;
  readonly #rows: Row[];
  #next = 0;

  constructor(rows: Row[], rowsWritten: number) {
    this.#rows = rows;
    this.rowsWritten = rowsWritten;
  }

  toArray(): Row[] {
    return this.#rows.slice(this.#next);
  }

  one(): Row {
    if (this.#rows.length !== 1) throw new Error(`Expected exactly one result from SQL query, but got ${this.#rows.length}`);
    return this.#rows[0] as Row;
  }

  next(): { done: boolean; value?: Row } {
    const value = this.#rows[this.#next++];
    return value === undefined ? { done: true } : { done: false, value };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** What an object keeps by key, synchronously. */
interface Kv {
  readonly get: (key: string) => unknown;
  readonly put: (key: string, value: unknown) => void;
  readonly delete: (key: string) => boolean;
  readonly list: (options?: { readonly prefix?: string }) => Iterable<readonly [key: string, value: unknown]>;
}

/**
 * The storage that an incarnation of an object sees. Its first write opens the implicit transaction, which is on disk when the flush
 * comes; a crash before that rolls it back, the alarm with it. A dead incarnation reaches nothing.
 */
export class ObjectStorage {
  readonly #actor: ObjectActor;
  #depth = 0;
  readonly sql: { exec: (sql: string, ...params: unknown[]) => Cursor };
  readonly kv: Kv;

  constructor(actor: ObjectActor) {
    this.#actor = actor;
    this.sql = { exec: (sql, ...params) => this.#exec(sql, params) };
    this.kv = {
      get: (key) => this.#kvRows("WHERE key = ?", [key]).map(({ value }) => JSON.parse(value) as unknown)[0],
      put: (key, value) => {
        this.#exec("CREATE TABLE IF NOT EXISTS _kv (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID", []);
        this.#exec("INSERT INTO _kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [key, JSON.stringify(value)]);
      },
      delete: (key) => this.#kvRows("WHERE key = ?", [key]).length > 0 && this.#exec("DELETE FROM _kv WHERE key = ?", [key]).rowsWritten > 0,
      list: ({ prefix = "" } = {}) =>
        this.#kvRows("WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key", [prefix]).map(({ key, value }) => [key, JSON.parse(value)] as const),
    };
  }

  /** All or nothing; nested ones are savepoints. */
  transactionSync<Result>(work: () => Result): Result {
    const { database } = this.#live();
    this.#actor.openTransaction();
    const alarm = this.#actor.pending;
    const name = `s${++this.#depth}`;
    database.execute(`SAVEPOINT ${name}`);
    try {
      const result = work();
      if (this.#depth === 1) this.#fail("the commit");
      return result;
    } catch (fault) {
      database.execute(`ROLLBACK TO ${name}`);
      this.#actor.pending = alarm;
      throw fault;
    } finally {
      database.execute(`RELEASE ${name}`);
      this.#depth--;
    }
  }

  async getAlarm(): Promise<number | null> {
    return this.#live().actor.pending.time;
  }

  setAlarm(time: number | Date): Promise<void> {
    this.#live();
    this.#actor.openTransaction();
    this.#actor.pending = { time: Number(time), isSetNow: true, isNew: true };
    return Promise.resolve();
  }

  deleteAlarm(): Promise<void> {
    this.#live();
    this.#actor.openTransaction();
    this.#actor.pending = { time: null, isSetNow: true, isNew: true };
    return Promise.resolve();
  }

  /** Everything goes, the alarm with it, as the compatibility date has it. */
  deleteAll(): Promise<void> {
    const { database } = this.#live();
    const tables = database.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    // All or nothing (https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#deleteall): it fails before the first, or not at all.
    this.#actor.openTransaction();
    this.#fail("a write");
    for (const { name } of tables) database.run(`DROP TABLE ${name}`, []);
    return this.deleteAlarm();
  }

  #kvRows(where: string, params: readonly string[]): readonly { readonly key: string; readonly value: string }[] {
    if (this.#exec("SELECT 1 FROM sqlite_master WHERE name = '_kv'", []).toArray().length === 0) return [];
    return this.#exec(`SELECT key, value FROM _kv ${where}`, params).toArray() as { key: string; value: string }[];
  }

  #exec(sql: string, params: readonly unknown[]): Cursor {
    const { database } = this.#live();
    if (!isRead(sql)) {
      this.#actor.openTransaction();
      this.#fail("a write");
    }
    const { rows, changes } = database.run(sql, params);
    for (const row of rows) {
      for (const [name, value] of Object.entries(row)) {
        if (value instanceof Uint8Array) row[name] = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
      }
    }
    return new Cursor(rows, changes);
  }

  /** The disk may refuse a write, or a transaction as a whole. */
  #fail(what: "a write" | "the commit"): void {
    const mode = what === "a write" ? "before" : "after";
    if (this.#actor.world.faults.take("storage", this.#actor.name, (fits) => fits === mode) !== undefined) {
      throw new Error(`SQLITE_FULL: database or disk is full, at ${what}`);
    }
  }

  #live() {
    if (!this.#actor.isAlive) throw new Error("this object is gone");
    return { actor: this.#actor, database: this.#actor.host.database };
  }
}
