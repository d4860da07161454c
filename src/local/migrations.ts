import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Miniflare } from "miniflare";
import { unstable_readConfig, unstable_splitSqlQuery } from "wrangler";
import { CONFIG_FILE, ROOT } from "./root.ts";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Brings every D1 database that wrangler.toml names up to its migrations. */
export async function migrate(miniflare: Miniflare): Promise<void> {
  for (const { binding, migrations_dir: folder } of unstable_readConfig({ config: CONFIG_FILE }, { hideWarnings: true }).d1_databases) {
    if (folder !== undefined) await applyMigrations(await miniflare.getD1Database(binding), join(ROOT, folder));
  }
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
