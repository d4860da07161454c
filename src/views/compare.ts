import type { View } from "../kernel/index.ts";
import { isGuardError, moveCursor, SHARED, type ViewCursor } from "./cursors.ts";
import { buildCursor, type Generation, readOf, readGenerations, scopeOf } from "./generations.ts";

/** Rows that differ and are shown. */
const SAMPLES = 20;

/** What a dry run found. `live` and `rebuilt` are null where the row is missing there. */
export interface Comparison {
  readonly position: number;
  readonly differing: number;
  readonly samples: readonly { readonly key: string; readonly live: unknown; readonly rebuilt: unknown }[];
}

/** Compares the rows of a rebuilt generation with those that are read, at the same position, keeps what differs, and lets the rebuilt ones go. */
export async function compareGenerations(
  db: D1Database,
  tenant: string,
  { view, generation, shared }: { view: View; generation: Generation; shared: ViewCursor },
): Promise<number> {
  const read = readOf(await readGenerations(db, tenant), view.name);
  const sides = (scope: number): string => view.rows.replaceAll("?1", `?${scope}`);
  const both = `WITH live AS (${sides(1)}), rebuilt AS (${sides(2)}),
    differing AS (
      SELECT key FROM (SELECT key, row FROM live EXCEPT SELECT key, row FROM rebuilt)
      UNION SELECT key FROM (SELECT key, row FROM rebuilt EXCEPT SELECT key, row FROM live)
    )`;
  const scopes = [scopeOf(tenant, read?.generation ?? 0), scopeOf(tenant, generation.generation)];
  // One transaction, so that both are of the same moment.
  const [at, count, samples] = await db.batch<Record<string, unknown>>([
    db.prepare("SELECT position FROM view_cursors WHERE tenant = ? AND view = ?").bind(tenant, SHARED),
    db.prepare(`${both} SELECT count(*) AS differing FROM differing`).bind(...scopes),
    db
      .prepare(
        `${both} SELECT key, (SELECT row FROM live WHERE live.key = differing.key) AS live, (SELECT row FROM rebuilt WHERE rebuilt.key = differing.key) AS rebuilt
         FROM differing ORDER BY key LIMIT ${SAMPLES}`,
      )
      .bind(...scopes),
  ]);
  // The live rows have moved on meanwhile: another round brings the rebuilt ones after them.
  if (at?.results[0]?.["position"] !== shared.position) return 3;
  const report: Comparison = {
    position: shared.position,
    differing: Number(count?.results[0]?.["differing"]),
    samples: (samples?.results ?? []).map(({ key, live, rebuilt }) => ({ key: String(key), live: parsed(live), rebuilt: parsed(rebuilt) })),
  };
  try {
    await db.batch([
      // What was purged since must not be kept as a sample of what differs.
      moveCursor(db, tenant, shared, shared),
      db
        .prepare("UPDATE view_generations SET state = 'discarding', report = ?4, position = ?5 WHERE tenant = ?1 AND view = ?2 AND generation = ?3")
        .bind(tenant, view.name, generation.generation, JSON.stringify(report), shared.position),
      db.prepare("DELETE FROM view_cursors WHERE tenant = ? AND view = ?").bind(tenant, buildCursor(view.name, generation.generation)),
    ]);
  } catch (error) {
    if (!isGuardError(error)) throw error;
  }
  return 6;
}

/** Takes the rows out of what comparisons have found: a stream that made them was purged. */
export function forgetSamples(db: D1Database, tenant: string, views: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE view_generations SET report = json_set(report, '$.samples', json('[]'))
       WHERE tenant = ?1 AND view IN (SELECT value FROM json_each(?2)) AND json_array_length(report, '$.samples') > 0`,
    )
    .bind(tenant, JSON.stringify(views));
}

function parsed(row: unknown): unknown {
  return typeof row === "string" && row !== "" ? JSON.parse(row) : null;
}
