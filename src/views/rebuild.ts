import type { View } from "../kernel/index.ts";
import { cursorOf, isGuardError, moveCursor, SHARED } from "./cursors.ts";
import { begin, buildCursor, type Purpose, readStanding } from "./generations.ts";

/**
 * Begins to build a view anew beside the rows that are read; for `rollback`, takes up the rows before the last. One build of a view at
 * a time: the same again changes nothing, another one says `busy`, and a build that has faulted gives way. `none`: there is no way back.
 */
export async function beginBuild(
  db: D1Database,
  tenant: string,
  view: View,
  { purpose, head, now }: { purpose: Exclude<Purpose, "catch-up">; head: number; now: number },
): Promise<"begun" | "running" | "busy" | "none"> {
  for (let attempt = 1; ; attempt++) {
    const { cursors, generations } = await readStanding(db, tenant);
    const shared = cursorOf(cursors, SHARED);
    const running = generations.find((generation) => generation.view === view.name && generation.state === "building" && generation.version === view.version);
    const isFaulted = running !== undefined && cursorOf(cursors, buildCursor(view.name, running.generation)).state === "faulted";
    if (running !== undefined && !isFaulted) return running.purpose === purpose || running.purpose === "catch-up" ? "running" : "busy";
    const isWay = generations.some((generation) => generation.view === view.name && generation.state === "old" && generation.version === view.version);
    if (purpose === "rollback" && !isWay) return "none";
    try {
      await db.batch([
        // The guard lets one of several that begin at once through.
        moveCursor(db, tenant, shared, { ...shared, members: shared.members + 1 }),
        ...(running === undefined
          ? []
          : [
              db
                .prepare("UPDATE view_generations SET state = 'discarding' WHERE tenant = ? AND view = ? AND generation = ?")
                .bind(tenant, view.name, running.generation),
              db.prepare("DELETE FROM view_cursors WHERE tenant = ? AND view = ?").bind(tenant, buildCursor(view.name, running.generation)),
            ]),
        // What the comparison before this one found is forgotten.
        db.prepare("DELETE FROM view_generations WHERE tenant = ? AND view = ? AND state = 'compared'").bind(tenant, view.name),
        ...begin(db, tenant, view, { generations, target: head, started: new Date(now).toISOString(), purpose }),
      ]);
      return "begun";
    } catch (error) {
      if (!isGuardError(error) || attempt === 5) throw error;
    }
  }
}
