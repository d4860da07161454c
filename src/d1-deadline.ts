import { within } from "./deadline.ts";

/** A bound statement whose answer is waited for only so long. */
class TimedStatement {
  readonly real: D1PreparedStatement;
  readonly #milliseconds: number;

  constructor(real: D1PreparedStatement, milliseconds: number) {
    this.real = real;
    this.#milliseconds = milliseconds;
  }

  bind(...values: unknown[]): TimedStatement {
    return new TimedStatement(this.real.bind(...values), this.#milliseconds);
  }

  first(): Promise<unknown> {
    return within(this.#milliseconds, "D1", this.real.first());
  }

  all(): Promise<unknown> {
    return within(this.#milliseconds, "D1", this.real.all());
  }

  run(): Promise<unknown> {
    return within(this.#milliseconds, "D1", this.real.run());
  }
}

/**
 * A database that rejects with a DeadlineError where it does not answer in time; of a write the outcome is then unknown, and whoever
 * wrote looks again. Has what the platform uses of D1: `prepare` with `bind`, `first`, `all` and `run`, and `batch`.
 */
export function timedD1(db: D1Database, milliseconds: number): D1Database {
  return {
    prepare: (sql: string) => new TimedStatement(db.prepare(sql), milliseconds),
    batch: (statements: readonly TimedStatement[]) => within(milliseconds, "D1", db.batch(statements.map(({ real }) => real))),
  } as unknown as D1Database;
}
