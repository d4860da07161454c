import { readdirSync, readFileSync } from "node:fs";
import type { Actor } from "./actor.ts";
import type { Mode } from "./faults.ts";
import { Database, type Dump, type Row } from "./sqlite.ts";
import type { World } from "./world.ts";

interface Answer {
  readonly results: Row[];
  readonly success: true;
  readonly meta: { readonly rows_written: number; readonly changes: number };
}

/** A D1 database of the simulated world; each actor reaches it over a binding of its own. */
export class SimulatedD1 {
  readonly name: "log" | "views";
  readonly database: Database;
  /** As it is when it has just been made. */
  readonly empty: Dump;
  readonly #world: World;

  constructor(world: World, name: "log" | "views") {
    this.#world = world;
    this.name = name;
    const { database, empty } = idle[name].pop() ?? made(name);
    this.database = database;
    this.empty = empty;
    database.random = (bytes) => Uint8Array.from({ length: bytes }, () => world.draws.between("randomblob", 0, 255));
    database.execute("SAVEPOINT made");
  }

  /** Empty again, for the next world. */
  close(): void {
    this.database.execute("ROLLBACK TO made; RELEASE made");
    idle[this.name].push(this);
  }

  /** The database as one actor's binding. */
  bindingOf(actor: Actor): D1Database {
    const prepare = (sql: string): Statement => new Statement(this, actor, sql, []);
    const batch = (statements: readonly Statement[]): Promise<Answer[]> => this.ask(actor, true, (mode) => this.#commit(statements, mode));
    return { prepare, batch } as unknown as D1Database;
  }

  /** Carries a request there and its answer back, with what goes wrong on the way. */
  ask<Result>(actor: Actor, isBatch: boolean, effect: (mode: Mode | undefined) => Result): Promise<Result> {
    const { draws, faults } = this.#world;
    const mode = actor.isAlive ? faults.take(this.name, actor.name, (mode) => isBatch || mode !== "refused") : undefined;
    const what = `${this.name} ${isBatch ? "batch" : "query"}`;
    const long = (): number => draws.between(`long ${this.name}`, 5_000, 60_000);
    const travel = {
      there: mode === "slow" ? long() : this.#world.delay(`${what} of ${actor.name}`),
      back: mode === "late answer" ? long() : this.#world.delay(`${what} to ${actor.name}`),
    };
    if (mode === "before") return actor.ask(what, { ...travel, isLost: true, error: new Error("D1_ERROR: Network connection lost.") }, () => effect(mode));
    if (mode === "after") return actor.ask(what, { ...travel, error: new Error("D1_ERROR: Network connection lost.") }, () => effect(mode));
    return actor.ask(what, travel, () => effect(mode));
  }

  /** Runs one statement by itself. */
  run({ sql, params }: { readonly sql: string; readonly params: readonly unknown[] }): Answer {
    for (const value of params) {
      if (value === undefined || typeof value === "bigint") throw new Error(`D1_TYPE_ERROR: Type '${typeof value}' not supported for value '${String(value)}'`);
    }
    try {
      const { rows, changes } = this.database.run(sql, params);
      if (changes > 0) this.#world.activity++;
      return { results: rows, success: true, meta: { rows_written: changes, changes } };
    } catch (fault) {
      throw asD1Error(fault);
    }
  }

  #commit(statements: readonly Statement[], mode: Mode | undefined): Answer[] {
    this.database.execute("SAVEPOINT batch");
    try {
      const answers = statements.map((statement, index) => {
        if (mode === "middle" && index === Math.ceil(statements.length / 2)) throw new Error("D1_ERROR: internal error; the batch was rolled back");
        if (mode === "refused" && index === Math.ceil(statements.length / 2)) throw new Error("D1_ERROR: NOT NULL constraint failed: SQLITE_CONSTRAINT");
        return this.run(statement);
      });
      this.database.execute("RELEASE batch");
      return answers;
    } catch (fault) {
      this.database.execute("ROLLBACK TO batch; RELEASE batch");
      throw fault;
    }
  }
}

class Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly #d1: SimulatedD1;
  readonly #actor: Actor;

  constructor(d1: SimulatedD1, actor: Actor, sql: string, params: readonly unknown[]) {
    this.#d1 = d1;
    this.#actor = actor;
    this.sql = sql;
    this.params = params;
  }

  bind(...params: unknown[]): Statement {
    return new Statement(this.#d1, this.#actor, this.sql, params);
  }

  async first(): Promise<Row | null> {
    return (await this.all()).results[0] ?? null;
  }

  all(): Promise<Answer> {
    return this.#d1.ask(this.#actor, false, (mode) => {
      if (mode === "middle") throw new Error("D1_ERROR: internal error");
      return this.#d1.run(this);
    });
  }

  run(): Promise<Answer> {
    return this.all();
  }
}

const NAMES: Readonly<Record<number, string>> = { 1: "SQLITE_ERROR", 18: "SQLITE_TOOBIG", 19: "SQLITE_CONSTRAINT", 20: "SQLITE_MISMATCH", 25: "SQLITE_RANGE" };

function asD1Error(fault: unknown): Error {
  const { message, errcode } = fault as Error & { errcode?: number };
  return new Error(`D1_ERROR: ${message}: ${NAMES[(errcode ?? 0) & 255] ?? "SQLITE_INTERNAL"}`);
}

/** Databases that no world has now: to make one, with its statements, takes longer than most stories. */
const idle: Readonly<Record<"log" | "views", Pick<SimulatedD1, "database" | "empty">[]>> = { log: [], views: [] };

function made(name: "log" | "views"): Pick<SimulatedD1, "database" | "empty"> {
  const database = new Database(true);
  database.execute(migrations(name));
  return { database, empty: database.dump() };
}

/** The real migrations of a database, in their order. */
function migrations(name: "log" | "views"): string {
  const folder = new URL(`../../../migrations/${name}/`, import.meta.url).pathname;
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  return files
    .sort()
    .map((file) => readFileSync(`${folder}${file}`, "utf8"))
    .join("\n");
}
