import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unstable_splitSqlQuery } from "wrangler";

/** The part of a D1 database that is used here. */
interface Database {
  prepare(sql: string): { bind(...params: string[]): unknown; all<Row>(): Promise<{ results: Row[] }>; run(): Promise<unknown> };
  // oxlint-disable-next-line typescript/no-explicit-any -- Miniflare's statements and the runtime's differ in type only
  batch(statements: any[]): Promise<unknown>;
}

/**
 * Brings a local database up to the migrations of a folder, each in one transaction, noted in the table that
 * `wrangler d1 migrations` keeps, so that either finds the other's work done.
 */
export async function applyMigrations(db: Database, folder: string): Promise<readonly string[]> {
  await db
    .prepare(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  const due = (await readdir(folder)).filter((name) => name.endsWith(".sql") && !applied.has(name)).sort();
  for (const name of due) {
    const statements = unstable_splitSqlQuery(await readFile(join(folder, name), "utf8"));
    await db.batch([...statements.map((statement) => db.prepare(statement)), db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name)]);
  }
  return due;
}
