import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** A row, as SQLite gives it. */
export type Row = Record<string, unknown>;

/** All of a database: what it can be set back to. */
export interface Dump {
  readonly schema: readonly { readonly type: string; readonly name: string; readonly sql: string }[];
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

/** An SQLite database in memory whose statements are prepared once. */
export class Database {
  readonly #real = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, { statement: StatementSync; isRead: boolean }>();
  /** Where SQL takes its random bytes from; the real randomblob where left out. */
  random: ((bytes: number) => Uint8Array) | undefined;

  constructor(hasRandom = false) {
    if (hasRandom) this.#real.function("randomblob", (bytes) => this.random?.(Number(bytes)) ?? new Uint8Array(Number(bytes)));
  }

  /** Runs what needs no answer: several statements, or the words of a transaction. */
  execute(sql: string): void {
    this.#real.exec(sql);
  }

  /** Runs one statement: its rows, or how many it changed. */
  run(sql: string, params: readonly unknown[]): { rows: Row[]; changes: number } {
    const { statement, isRead } = this.#prepare(sql);
    const values = params.map(bindable);
    if (isRead) return { rows: statement.all(...values), changes: 0 };
    if (returnsRows(sql)) {
      const rows = statement.all(...values);
      return { rows, changes: rows.length };
    }
    return { rows: [], changes: Number(statement.run(...values).changes) };
  }

  rows<Shape = Row>(sql: string, ...params: unknown[]): Shape[] {
    return this.run(sql, params).rows as Shape[];
  }

  dump(): Dump {
    const schema = this.rows<Dump["schema"][number]>("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL");
    const tables = schema.filter(({ type }) => type === "table");
    return { schema, rows: new Map(tables.map(({ name }) => [name, this.rows(`SELECT * FROM ${name}`)])) };
  }

  /** Makes the database what it was; triggers come last, for they would forbid it. */
  load(dump: Dump): void {
    for (const { name } of this.dump().schema.filter(({ type }) => type === "table")) this.execute(`DROP TABLE ${name}`);
    for (const { sql } of dump.schema.filter(({ type }) => type === "table")) this.execute(sql);
    for (const [table, rows] of dump.rows) {
      for (const row of rows) {
        const names = Object.keys(row);
        this.run(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`, Object.values(row));
      }
    }
    for (const { sql } of dump.schema.filter(({ type }) => type !== "table")) this.execute(sql);
  }

  close(): void {
    this.#real.close();
  }

  #prepare(sql: string): { statement: StatementSync; isRead: boolean } {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    // A text may be put together anew each time; a statement of the schema would only be used once.
    const prepared = { statement: this.#real.prepare(sql), isRead: isRead(sql) };
    if (this.#prepared.size < 500) this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** Whether a statement only reads. */
export function isRead(sql: string): boolean {
  return /^\s*(SELECT|WITH|PRAGMA)\b/i.test(sql);
}

/** Whether a statement writes and answers with rows. */
function returnsRows(sql: string): boolean {
  return /\bRETURNING\b/i.test(sql);
}

function bindable(value: unknown): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  return value instanceof ArrayBuffer ? new Uint8Array(value) : (value as SQLInputValue);
}
