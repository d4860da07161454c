import type { LoggedEvent, LogHead, Statement, View } from "../kernel/index.ts";

/** The name of the cursor that all live views share. */
const LIVE = "*";
/** Events and bytes of data folded in one transaction. */
const STEP_EVENTS = 500;
const STEP_BYTES = 1_000_000;
/** Steps of one call, which takes a handful of statements each: D1 counts 1,000 an invocation. */
const MAX_STEPS = 50;

/** The log as a view sees it. */
export interface LogReader {
  /** The head, and the hash of the event at a position: null where there is none. */
  head(tenant: string, position: number): Promise<LogHead & { readonly hashAt: string | null }>;
  /** The events after `from` and up to the head, at least one where there are any. */
  read(tenant: string, from: number, head: LogHead, page: { readonly limit: number; readonly maxBytes: number }): Promise<LogSlice>;
}

/** Some of the log's events; `position` is where to go on. */
export interface LogSlice {
  readonly events: readonly LoggedEvent[];
  readonly position: number;
}

/** A row of `view_cursors`. */
export interface ViewCursor {
  readonly view: string;
  readonly version: number;
  readonly position: number;
  readonly epoch: string;
  /** Of the event at `position`; empty where it is not known. */
  readonly hash: string;
  readonly state: "live" | "faulted" | "stopped";
  readonly error: string | null;
}

/** How far the live views have come: the head, unless there was too much for one call. `stopped` says why they will not go on by themselves. */
export interface Advanced {
  readonly position: number;
  readonly stopped?: string;
}

/**
 * Moves a tenant's live views to the head of its log. A view is a follower whose sink is D1: its rows and its cursor move in one
 * transaction, and the cursor's guard lets only one of several that try at once write.
 *
 * A view that throws, or whose SQL does, is marked faulted with a cursor of its own; the others go on. A fault of D1 itself
 * (overload, a lost connection) is nobody's: it rejects, and nothing has moved.
 */
export async function advanceViews(db: D1Database, log: LogReader, views: readonly View[], tenant: string): Promise<Advanced> {
  let cursors = await readCursors(db, tenant);
  const head = await log.head(tenant, liveOf(cursors).position);
  const stopped = whyStopped(liveOf(cursors), head);
  if (stopped !== undefined) {
    if (liveOf(cursors).state !== "stopped") await stop(db, tenant, stopped);
    return { position: liveOf(cursors).position, stopped };
  }
  for (let steps = 0; ; steps++) {
    if (steps > 0) cursors = await readCursors(db, tenant);
    const live = { ...liveOf(cursors), epoch: head.epoch };
    if (live.position >= head.position || steps === MAX_STEPS) return { position: live.position };
    const apart = new Set(cursors.map((cursor) => cursor.view));
    const page = await log.read(tenant, live.position, head, { limit: STEP_EVENTS, maxBytes: STEP_BYTES });
    const moved = { ...live, position: page.position, hash: page.events.at(-1)?.hash ?? "" };
    await step(db, tenant, { from: live, to: moved, views: views.filter((view) => !apart.has(view.name)), events: page.events });
  }
}

/** The cursor that the live views share; one that has not begun where there is none. */
function liveOf(cursors: readonly ViewCursor[]): ViewCursor {
  const none: ViewCursor = { view: LIVE, version: 0, position: 0, epoch: "", hash: "", state: "live", error: null };
  return cursors.find((cursor) => cursor.view === LIVE) ?? none;
}

/** The cursors of a tenant's views: the shared one, and one for each view that stands apart. */
export async function readCursors(db: D1Database, tenant: string): Promise<readonly ViewCursor[]> {
  const { results } = await db
    .prepare("SELECT view, version, position, epoch, hash, state, error FROM view_cursors WHERE tenant = ?")
    .bind(tenant)
    .all<ViewCursor>();
  return results;
}

/** Noted for good: a log that has grown past the cursor again is no more the log that was counted. */
async function stop(db: D1Database, tenant: string, reason: string): Promise<void> {
  await db.prepare("UPDATE view_cursors SET state = 'stopped', error = ?2 WHERE tenant = ?1 AND view = '*'").bind(tenant, reason).run();
}

/** A cursor that meets another epoch, a head behind itself or another event where it stands does not go on: what it counted is not this log. */
function whyStopped({ state, error, epoch, position, hash }: ViewCursor, head: LogHead & { readonly hashAt: string | null }): string | undefined {
  if (state === "stopped") return error ?? "";
  if (position === 0) return undefined;
  if (epoch !== head.epoch) return `The views follow the log of epoch ${epoch}, the log's epoch is ${head.epoch === "" ? "none" : head.epoch}.`;
  if (position > head.position) return `The views are at position ${position}, the log ends at ${head.position}.`;
  if (hash !== "" && hash !== head.hashAt) return `At position ${position} the views have counted ${hash}, the log has ${head.hashAt ?? "nothing"}.`;
  return undefined;
}

interface Step {
  readonly from: ViewCursor;
  readonly to: ViewCursor;
  readonly views: readonly View[];
  readonly events: readonly LoggedEvent[];
}

async function step(db: D1Database, tenant: string, { from, to, views, events }: Step): Promise<void> {
  const folded: { view: View; statements: readonly Statement[] }[] = [];
  const faults = new Map<View, unknown>();
  for (const view of views) {
    try {
      folded.push({ view, statements: view.fold(tenant, events) });
    } catch (fault) {
      faults.set(view, fault);
    }
  }
  const commit = (): Promise<unknown> =>
    db.batch([
      moveCursor(db, tenant, from, to),
      ...[...faults].map(([view, fault]) =>
        moveCursor(db, tenant, from, { ...from, view: view.name, version: view.version, state: "faulted", error: String(fault) }),
      ),
      ...folded.filter(({ view }) => !faults.has(view)).flatMap(({ statements }) => statements.map((statement) => prepare(db, statement))),
    ]);
  try {
    await commit();
  } catch (error) {
    if (String(error).includes("view_guard")) return; // somebody else moved it: look again
    if (!isOwnFault(error)) throw error;
    for (const { view, statements } of folded) {
      const fault = await tryOut(db, statements);
      if (fault !== undefined) faults.set(view, fault);
    }
    if (folded.every(({ view }) => !faults.has(view))) throw error;
    await commit().catch((second: unknown) => {
      if (!String(second).includes("view_guard")) throw second;
    });
  }
}

function moveCursor(db: D1Database, tenant: string, from: ViewCursor, to: ViewCursor): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO view_cursors (tenant, view, version, from_position, position, epoch, state, error, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT (tenant, view) DO UPDATE SET version = excluded.version, from_position = excluded.from_position, position = excluded.position,
         epoch = excluded.epoch, state = excluded.state, error = excluded.error, hash = excluded.hash`,
    )
    .bind(tenant, to.view, to.version, from.position, to.position, to.epoch, to.state, to.error, to.hash);
}

/** What a view's statements fail with when they run alone; undefined where they are fine. Always rolled back. */
async function tryOut(db: D1Database, statements: readonly Statement[]): Promise<unknown> {
  try {
    // The last insert always breaks the guard, so nothing of the batch stays.
    const undo = db.prepare(
      "INSERT INTO view_cursors (tenant, view, version, from_position, position, epoch, state) VALUES ('', '*', 0, -1, 0, 'try out', '')",
    );
    await db.batch([...statements.map((statement) => prepare(db, statement)), undo]);
  } catch (fault) {
    if (String(fault).includes("view_guard")) return undefined;
    if (!isOwnFault(fault)) throw fault;
    return fault;
  }
  return undefined;
}

/** Whether SQLite refused the statement itself, rather than D1 failing to run it. */
function isOwnFault(error: unknown): boolean {
  return /SQLITE_(ERROR|CONSTRAINT|MISMATCH|RANGE|TOOBIG)|D1_TYPE_ERROR/.test(String(error));
}

function prepare(db: D1Database, statement: Statement): D1PreparedStatement {
  return db.prepare(statement.sql).bind(...statement.params);
}
