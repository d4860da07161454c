import type { LoggedEvent, Row, Statement, View } from "../kernel/index.ts";
import { isGuardError, moveCursor, type ViewCursor } from "./cursors.ts";

/** A view and where its rows stand. */
export interface Member {
  readonly view: View;
  readonly scope: string;
}

export interface Step {
  readonly from: ViewCursor;
  readonly to: ViewCursor;
  readonly members: readonly Member[];
  readonly events: readonly LoggedEvent[];
  /** The cursor that a fault is noted with, by view. */
  readonly faultCursor: (view: View) => ViewCursor;
}

/** How a step went: the statements it took, whether somebody else was faster, and the views whose own fault it met. */
export interface Stepped {
  readonly statements: number;
  readonly isBeaten: boolean;
  readonly faults: ReadonlyMap<View, unknown>;
}

/** Folds events into views and moves their cursor, in one transaction; a view that fails by its own fault is left behind, marked. */
export async function step(db: D1Database, tenant: string, { from, to, members, events, faultCursor }: Step): Promise<Stepped> {
  const concerned = members
    .map((member) => ({ ...member, own: member.view.concerns === undefined ? events : events.filter(member.view.concerns) }))
    .filter(({ own }) => own.length > 0);
  const faults = new Map<View, unknown>();
  const { read, statements: reads } = await readRows(db, concerned);
  const folded: { view: View; statements: readonly Statement[] }[] = [];
  for (const { view, scope, own } of concerned) {
    try {
      folded.push({ view, statements: view.fold(scope, own, read.get(view) ?? []) });
    } catch (fault) {
      faults.set(view, fault);
    }
  }
  const commit = (): Promise<unknown> =>
    db.batch([
      // A build's one view has the cursor for itself: where it fails, the cursor stays and says why.
      ...([...faults.keys()].some((view) => faultCursor(view).view === from.view) ? [] : [moveCursor(db, tenant, from, to)]),
      ...[...faults].map(([view, fault]) => {
        const cursor = faultCursor(view);
        return moveCursor(db, tenant, cursor, { ...cursor, version: view.version, state: "faulted", error: String(fault) });
      }),
      ...folded.filter(({ view }) => !faults.has(view)).flatMap(({ statements }) => statements.map((statement) => prepare(db, statement))),
    ]);
  const statements = reads + folded.reduce((sum, { statements }) => sum + statements.length, 1 + faults.size);
  const stepped = (isBeaten: boolean): Stepped => ({ statements, isBeaten, faults });
  try {
    await commit();
    return stepped(false);
  } catch (error) {
    if (isGuardError(error)) return stepped(true);
    if (!isOwnFault(error)) throw error;
    for (const { view, statements } of folded) {
      const fault = await tryOut(db, statements);
      if (fault !== undefined) faults.set(view, fault);
    }
    if (folded.every(({ view }) => !faults.has(view))) throw error;
    try {
      await commit();
      return stepped(false);
    } catch (second) {
      if (!isGuardError(second)) throw second;
      return stepped(true);
    }
  }
}

/** What views want to see of their rows, in one round trip. The cursor's guard sees to it that nothing has changed when they are written. */
async function readRows(
  db: D1Database,
  concerned: readonly (Member & { readonly own: readonly LoggedEvent[] })[],
): Promise<{ readonly read: ReadonlyMap<View, readonly Row[]>; readonly statements: number }> {
  const wanted = concerned.flatMap(({ view, scope, own }) => {
    const statement = readsOf(view, scope, own);
    return statement === undefined ? [] : [{ view, statement }];
  });
  if (wanted.length === 0) return { read: new Map(), statements: 0 };
  const results = await db.batch<Row>(wanted.map(({ statement }) => prepare(db, statement)));
  return { read: new Map(wanted.map(({ view }, index) => [view, results[index]?.results ?? []])), statements: wanted.length };
}

/** A view that cannot even say what it wants to read meets the same fault when it folds. */
function readsOf(view: View, scope: string, events: readonly LoggedEvent[]): Statement | undefined {
  try {
    return view.reads?.(scope, events);
  } catch {
    return undefined;
  }
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
    if (isGuardError(fault)) return undefined;
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
