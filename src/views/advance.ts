import type { LoggedEvent, LogHead, View } from "../kernel/index.ts";
import { build } from "./build.ts";
import { cursorOf, type HeadAt, isGuardError, readCursors, SHARED, type ViewCursor, whyStopped } from "./cursors.ts";
import { admit, members, newcomers, outdated, readGenerations } from "./generations.ts";
import { step } from "./step.ts";

export { readCursors } from "./cursors.ts";

/** Events and bytes of data folded in one transaction. */
export const STEP_EVENTS = 500;
export const STEP_BYTES = 1_000_000;
/** Statements that one call begins no further step after: D1 counts 1,000 an invocation. */
export const MAX_STATEMENTS = 600;

/** The log as a view sees it. */
export interface LogReader {
  /** The head, and the hash of the event at a position. */
  head(tenant: string, position: number): Promise<HeadAt>;
  /** The events after `from` and up to the head, at least one where there are any. */
  read(tenant: string, from: number, head: LogHead, page: { readonly limit: number; readonly maxBytes: number }): Promise<LogSlice>;
}

/** Some of the log's events; `position` is where to go on. */
export interface LogSlice {
  readonly events: readonly LoggedEvent[];
  readonly position: number;
}

/** How far the live views have come: the head, unless there was too much for one call. */
export interface Advanced {
  readonly position: number;
  /** Why they will not go on by themselves. */
  readonly stopped?: string;
  /** A generation is being built beside them, or deleted, and wants another call. */
  readonly isBuilding: boolean;
}

/** What the views of a tenant are moved with. */
export interface ViewEngine {
  readonly db: D1Database;
  readonly log: LogReader;
  readonly views: readonly View[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Moves a tenant's live views to the head of its log, then builds what is to be built beside them. A view is a follower whose sink is
 * D1: its rows and its cursor move in one transaction, and the cursor's guard lets only one of several that try at once write.
 *
 * A view that throws, or whose SQL does, is marked faulted with a cursor of its own; the others go on. A fault of D1 itself
 * (overload, a lost connection) is nobody's: it rejects, and nothing has moved.
 */
export async function advanceViews(engine: ViewEngine, tenant: string): Promise<Advanced> {
  const { db, log } = engine;
  let { shared, cursors, generations } = await look(db, tenant);
  const head = await log.head(tenant, shared.position);
  const stopped = whyStopped(shared, head);
  if (stopped !== undefined) {
    if (shared.state !== "stopped") await stop(db, tenant, stopped);
    return { position: shared.position, stopped, isBuilding: false };
  }
  let statements = 3;
  const isNews = newcomers(engine.views, generations).length > 0 || outdated(engine.views, generations).length > 0;
  if (isNews && head.position > 0) {
    await takeIn(engine, tenant, { shared: { ...shared, epoch: head.epoch }, generations, target: head.position });
    ({ shared, cursors, generations } = await look(db, tenant));
  }
  while (shared.position < head.position && statements < MAX_STATEMENTS) {
    const live = { ...shared, epoch: head.epoch };
    const page = await log.read(tenant, live.position, head, { limit: STEP_EVENTS, maxBytes: STEP_BYTES });
    const stepped = await step(db, tenant, {
      from: live,
      to: { ...live, position: page.position, hash: page.events.at(-1)?.hash ?? "" },
      members: members(engine.views, generations, cursors, tenant),
      events: page.events,
      faultCursor: (view) => ({ ...live, view: view.name, members: 0 }),
    });
    statements += stepped.statements + 4;
    ({ shared, cursors, generations } = await look(db, tenant));
  }
  const isBuilding = await build(engine, tenant, { head, budget: MAX_STATEMENTS - statements });
  return { position: shared.position, isBuilding };
}

/** Somebody else may be taking them in at the same moment: then there is nothing left to do. */
async function takeIn(
  engine: ViewEngine,
  tenant: string,
  what: { shared: ViewCursor; generations: Awaited<ReturnType<typeof readGenerations>>; target: number },
): Promise<void> {
  try {
    await admit(engine.db, tenant, { ...what, views: engine.views, now: engine.now() });
  } catch (error) {
    if (!isGuardError(error)) throw error;
  }
}

async function look(db: D1Database, tenant: string) {
  const [cursors, generations] = await Promise.all([readCursors(db, tenant), readGenerations(db, tenant)]);
  return { cursors, generations, shared: cursorOf(cursors, SHARED) };
}

/** Noted for good: a log that has grown past the cursor again is no more the log that was counted. */
async function stop(db: D1Database, tenant: string, reason: string): Promise<void> {
  await db.prepare("UPDATE view_cursors SET state = 'stopped', error = ?2 WHERE tenant = ?1 AND view = '*'").bind(tenant, reason).run();
}
