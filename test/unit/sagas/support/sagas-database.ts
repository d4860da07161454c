import { readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { LoggedEvent, Row } from "../../../../src/kernel/index.ts";
import { sagasView } from "../../../../src/sagas/sagas-view.ts";
import { type Happened, happened, logged } from "../../../../src/testing/index.ts";

/** A stream of a saga's instance, and what happens in it. */
export type SagaFact = readonly [stream: string, fact: Happened["fact"]];

/** When the first of the facts happens; each further one a step (milliseconds) later. */
export const BEGIN = "2026-01-01T00:00:00.000Z";

interface Folding {
  /** How many events go into each transaction, one after the other; then one each. */
  readonly batches?: readonly number[];
  readonly stepMs?: (n: number) => number;
}

/** The view of sagas, of the tenant `t`, after these facts; `asked` are the queries that `db` was asked. */
export function sagasDatabase(facts: readonly SagaFact[], { batches = [], stepMs = (n) => n * 1_000 }: Folding = {}) {
  const database = new DatabaseSync(":memory:");
  for (const name of ["0008_sagas", "0012_stuck_sagas", "0014_saga_figures"]) database.exec(readFileSync(`migrations/views/${name}.sql`, "utf8"));
  const run = (sql: string, params: readonly unknown[]): Row[] =>
    database
      .prepare(sql)
      .all(...(params as SQLInputValue[]))
      .map((row) => ({ ...row }) as Row);
  const events: LoggedEvent[] = [...logged(facts.map(([stream, fact], n) => happened(stream, fact, new Date(Date.parse(BEGIN) + stepMs(n)).toISOString())))];
  for (let n = 0; events.length > 0; n++) {
    const batch = events.splice(0, Math.max(1, batches[n] ?? 1));
    const reads = sagasView.reads?.("t", batch);
    const rows = reads === undefined ? [] : run(reads.sql, reads.params);
    for (const { sql, params } of sagasView.fold("t", batch, rows)) run(sql, params);
  }
  const asked: string[] = [];
  const bound = (sql: string, params: readonly unknown[]) => ({
    async all() {
      asked.push(sql);
      return { results: run(sql, params) };
    },
  });
  const db = {
    prepare: (sql: string) => ({ bind: (...params: unknown[]) => bound(sql, params) }),
    batch: (statements: readonly ReturnType<typeof bound>[]) => Promise.all(statements.map((statement) => statement.all())),
  } as unknown as D1Database;
  return { db, database, asked };
}
