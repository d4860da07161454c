import type { LoggedEvent, View } from "../kernel/index.ts";
import { build } from "./build.ts";
import { cursorOf, isGuardError, SHARED, whyStopped } from "./cursors.ts";
import { admit, keptBeside, members, newcomers, outdated, readStanding, type Seen } from "./generations.ts";
import { MAX_STATEMENTS, STEP_BYTES, STEP_EVENTS, type ViewEngine } from "./engine.ts";
import { step } from "./step.ts";

export { readCursors } from "./cursors.ts";

/** How often others may be faster in changing what the views are, before it is left to who tries again. */
const MOST_ATTEMPTS = 5;

/** How far the live views have come: the head, unless there was too much for one call. */
export interface Advanced {
  readonly position: number;
  /** Why they will not go on by themselves. */
  readonly stopped?: string;
  /** A generation is being built beside them, or deleted, and wants another call. */
  readonly isBuilding: boolean;
  /** Cursors and generations as they are now, where nothing is under way: the next call may believe them. */
  readonly seen?: Seen;
}

/**
 * Moves a tenant's live views to the head of its log, then builds what is to be built beside them. A view is a follower whose sink is
 * D1: its rows and its cursor move in one transaction, and the cursor's guard lets only one of several that try at once write.
 *
 * A view that throws, or whose SQL does, is marked faulted with a cursor of its own; the others go on. A fault of D1 itself
 * (overload, a lost connection) is nobody's: it rejects, and nothing has moved.
 *
 * `seen` is what an earlier call of the same code gave. Where somebody else has moved the views since, or changed the set of them, the
 * cursor's guard refuses the first step, and it is looked anew; what is begun to be built beside them is not noticed.
 */
export function advanceViews(engine: ViewEngine, tenant: string, seen?: Seen): Promise<Advanced> {
  return advance(engine, tenant, { seen, attempt: 1 });
}

async function advance(
  engine: ViewEngine,
  tenant: string,
  { seen, attempt }: { readonly seen: Seen | undefined; readonly attempt: number },
): Promise<Advanced> {
  const { db, log, views } = engine;
  let { shared, cursors, generations } = seen === undefined ? await look(db, tenant) : standingOf(seen);
  let page = await log.follow(tenant, { position: shared.position, limit: STEP_EVENTS, maxBytes: STEP_BYTES });
  const stopped = whyStopped(shared, page);
  if (stopped !== undefined) {
    // What was seen may be of a log that was replaced, and of views that were built anew since.
    if (seen !== undefined) return advance(engine, tenant, { seen: undefined, attempt });
    if (shared.state !== "stopped") await stop(db, tenant, stopped);
    return { position: shared.position, stopped, isBuilding: false };
  }
  let statements = 4;
  const isNews = newcomers(views, generations).length > 0 || outdated(views, generations).length > 0;
  if (isNews && page.position > 0) {
    const admission = { shared: { ...shared, epoch: page.epoch }, views, generations, target: page.position, now: engine.now() };
    try {
      await admit(db, tenant, admission);
    } catch (error) {
      // Somebody has changed what the views are since it was looked at: taken the same in, perhaps, or begun to build one of them.
      if (!isGuardError(error) || attempt === MOST_ATTEMPTS) throw error;
      return advance(engine, tenant, { seen: undefined, attempt: attempt + 1 });
    }
    ({ shared, cursors, generations } = await look(db, tenant));
  }
  while (page.events.length > 0 && statements < MAX_STATEMENTS) {
    const last = page.events.at(-1) as LoggedEvent;
    const from = { ...shared, epoch: page.epoch };
    const to = { ...from, position: last.position, entry: last.entry ?? "" };
    const start = engine.now();
    const moved = members(views, generations, cursors, tenant);
    const stepped = await step(db, tenant, {
      from,
      to,
      members: moved,
      kept: keptBeside(moved, views, generations, tenant),
      events: page.events,
      faultCursor: (view) => ({ ...from, view: view.name, members: 0 }),
    });
    if (!stepped.isBeaten) traceFold(engine, tenant, { start, views: moved.length, events: page.events, faults: stepped.faults });
    statements += stepped.statements + 4;
    // Where nothing surprising happened, what is in the database is known without asking.
    shared = to;
    if (stepped.isBeaten || stepped.faults.size > 0) ({ shared, cursors, generations } = await look(db, tenant));
    // Somebody else has seen that the log is another one.
    if (shared.state === "stopped") return { position: shared.position, stopped: shared.error ?? "", isBuilding: false };
    if (!stepped.isBeaten && shared.position >= page.position) break;
    page = await log.follow(tenant, { position: shared.position, limit: STEP_EVENTS, maxBytes: STEP_BYTES });
    // Each page anew: while a step took its time the log may have been lost or set back.
    const another = whyStopped(shared, page);
    if (another !== undefined) {
      await stop(db, tenant, another);
      return { position: shared.position, stopped: another, isBuilding: false };
    }
  }
  const isBusy = generations.some(({ state }) => state === "building" || state === "discarding");
  const isBuilding = isBusy && (await build(engine, tenant, { budget: MAX_STATEMENTS - statements }));
  const { position } = shared;
  if (isBusy) return { position, isBuilding };
  return { position, isBuilding, seen: { cursors: [shared, ...cursors.filter(({ view }) => view !== SHARED)], generations } };
}

/** The fold of a page, as a piece of each of its events' traces. */
function traceFold(
  { tracer }: ViewEngine,
  tenant: string,
  {
    start,
    views,
    events,
    faults,
  }: { readonly start: number; readonly views: number; readonly events: readonly LoggedEvent[]; readonly faults: ReadonlyMap<View, unknown> },
): void {
  if (tracer === undefined) return;
  const [fault] = faults;
  tracer.pieces(
    events.map(({ metadata }) => ({ tenant, metadata })),
    {
      service: "views",
      name: "fold into the views",
      kind: "consumer",
      start,
      attributes: { "db.system.name": "cloudflare.d1", "rivulet.views": views },
      ...(fault && { error: `${fault[0].name}: ${String(fault[1])}` }),
    },
  );
}

async function look(db: D1Database, tenant: string) {
  return standingOf(await readStanding(db, tenant));
}

function standingOf({ cursors, generations }: Seen) {
  return { cursors, generations, shared: cursorOf(cursors, SHARED) };
}

/** Noted for good: a log that has grown past the cursor again is no more the log that was counted. */
async function stop(db: D1Database, tenant: string, reason: string): Promise<void> {
  await db.prepare("UPDATE view_cursors SET state = 'stopped', error = ?2 WHERE tenant = ?1 AND view = '*'").bind(tenant, reason).run();
}
