import type { View } from "../kernel/index.ts";
import { STEP_BYTES, STEP_EVENTS, type ViewEngine } from "./engine.ts";
import { compareGenerations } from "./compare.ts";
import { cursorOf, isGuardError, moveCursor, readCursors, SHARED, type ViewCursor, whyStopped } from "./cursors.ts";
import { buildCursor, type Generation, readGenerations, readStanding, scopeOf } from "./generations.ts";
import { step } from "./step.ts";

/**
 * Builds generations beside what is read, each with a cursor of its own, and switches to one in the transaction that finds it where
 * the shared cursor stands. Says whether there is more to do than this call's budget of statements allows.
 */
export async function build(engine: ViewEngine, tenant: string, { budget }: { budget: number }): Promise<boolean> {
  const { db, views } = engine;
  let left = budget;
  const generations = await readGenerations(db, tenant);
  for (const generation of generations.filter(({ state }) => state === "building" || state === "discarding")) {
    const view = views.find(({ name }) => name === generation.view);
    // A view that this code does not know is left alone: newer code may be building it.
    if (view === undefined || (generation.state === "building" && view.version !== generation.version)) continue;
    left -=
      generation.state === "building" ? await buildOne(engine, tenant, { view, generation, budget: left }) : await discardSome(db, tenant, view, generation);
    if (left <= 0) break;
  }
  const { cursors, generations: after } = await readStanding(db, tenant);
  const isKnown = ({ view, version, state }: Generation): boolean =>
    views.some((known) => known.name === view && (state === "discarding" || known.version === version));
  return after.some(
    (generation) =>
      isKnown(generation) &&
      (generation.state === "discarding" ||
        (generation.state === "building" && cursorOf(cursors, buildCursor(generation.view, generation.generation)).state === "live")),
  );
}

interface Build {
  readonly view: View;
  readonly generation: Generation;
  readonly budget: number;
}

/** Gives the statements that it took. */
async function buildOne({ db, log }: ViewEngine, tenant: string, { view, generation, budget }: Build): Promise<number> {
  const name = buildCursor(view.name, generation.generation);
  for (let statements = 3; ; statements += 3) {
    const cursors = await readCursors(db, tenant);
    const shared = cursorOf(cursors, SHARED);
    const found = cursorOf(cursors, name);
    if (found.state !== "live") return statements;
    const page = await log.follow(tenant, { position: found.position, limit: STEP_EVENTS, maxBytes: STEP_BYTES });
    const own = { ...found, version: view.version, epoch: page.epoch };
    const stopped = whyStopped(found, page);
    if (stopped !== undefined) {
      await db.batch([moveCursor(db, tenant, own, { ...own, state: "faulted", error: stopped })]);
      return statements + 1;
    }
    // Never past what is live, or the two could not meet.
    const events = page.events.filter(({ position }) => position <= shared.position);
    const last = events.at(-1);
    if (last === undefined) return statements + (await finish(db, tenant, { view, generation, shared, own }));
    if (statements >= budget) return statements;
    const stepped = await step(db, tenant, {
      from: own,
      to: { ...own, position: last.position, entry: last.entry ?? "" },
      members: [{ view, scope: scopeOf(tenant, generation.generation) }],
      events,
      faultCursor: () => own,
    });
    statements += stepped.statements;
  }
}

interface Finish {
  readonly view: View;
  readonly generation: Generation;
  readonly shared: ViewCursor;
  readonly own: ViewCursor;
}

/** It has met the shared cursor: from now on its rows are read, unless it was only for comparison. */
async function finish(db: D1Database, tenant: string, { view, generation, shared, own }: Finish): Promise<number> {
  if (generation.purpose === "compare") return compareGenerations(db, tenant, { view, generation, shared });
  const change = (sql: string, ...params: (string | number)[]): D1PreparedStatement => db.prepare(sql).bind(tenant, view.name, ...params);
  try {
    await db.batch([
      // Both stand where they stood, and whoever moves the shared cursor next knows that its members have changed.
      moveCursor(db, tenant, shared, { ...shared, members: shared.members + 1 }),
      moveCursor(db, tenant, own, own),
      // The rows before the last, and what other code began to build while a deployment was under way.
      change(
        "UPDATE view_generations SET state = 'discarding' WHERE tenant = ?1 AND view = ?2 AND (state = 'old' OR (state = 'building' AND version <> ?3))",
        view.version,
      ),
      change(
        `UPDATE view_generations SET state = 'old', position = CASE state WHEN 'live' THEN ?3 ELSE position END, entry = CASE state WHEN 'live' THEN ?4 ELSE entry END
         WHERE tenant = ?1 AND view = ?2 AND state IN ('live', 'frozen')`,
        shared.position,
        shared.entry,
      ),
      change("UPDATE view_generations SET state = 'live' WHERE tenant = ?1 AND view = ?2 AND generation = ?3", generation.generation),
      change("DELETE FROM view_cursors WHERE tenant = ?1 AND view = ?3", own.view),
      // A live view that had faulted was left at its own place; its rows are old now.
      change("DELETE FROM view_cursors WHERE tenant = ?1 AND view = ?2"),
    ]);
  } catch (error) {
    if (!isGuardError(error)) throw error;
  }
  return 7;
}

/** Deletes some rows of a generation that nobody reads any more, and at last itself. */
async function discardSome(db: D1Database, tenant: string, view: View, { generation, report }: Generation): Promise<number> {
  const statements = view.discard(scopeOf(tenant, generation));
  const results = await db.batch(statements.map(({ sql, params }) => db.prepare(sql).bind(...params)));
  if (results.some(({ meta }) => (meta.changes ?? 0) > 0)) return statements.length + 1;
  const end =
    report === null
      ? "DELETE FROM view_generations WHERE tenant = ? AND view = ? AND generation = ?"
      : "UPDATE view_generations SET state = 'compared' WHERE tenant = ? AND view = ? AND generation = ?";
  await db.prepare(end).bind(tenant, view.name, generation).run();
  return statements.length + 1;
}
