import { type LoggedEvent, type Row, type Statement, STREAM_PURGED, type View } from "../kernel/index.ts";
import { forgetSamples } from "./compare.ts";
import { isGuardError, moveCursor, type ViewCursor } from "./cursors.ts";
import type { Member } from "./generations.ts";

export interface Step {
  readonly from: ViewCursor;
  readonly to: ViewCursor;
  readonly members: readonly Member[];
  /** Rows that only a purge reaches. */
  readonly kept?: readonly Member[];
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

/** Events as a view is to fold them. `isKept`: into rows that nobody moves, so that what goes wrong there is no fault of the view. */
interface Fold extends Member {
  readonly own: readonly LoggedEvent[];
  readonly isKept: boolean;
}

interface Folded extends Pick<Fold, "view" | "isKept"> {
  readonly statements: readonly Statement[];
}

/** Folds events into views and moves their cursor, in one transaction; a view that fails by its own fault is left behind, marked. */
export async function step(db: D1Database, tenant: string, given: Step): Promise<Stepped> {
  const { from, to, faultCursor } = given;
  const folds = foldsOf(given);
  const faults = new Map<View, unknown>();
  const { read, statements: reads } = await readRows(db, folds);
  let folded: readonly Folded[] = folds.flatMap((fold) => {
    try {
      return [{ ...fold, statements: fold.view.fold(fold.scope, fold.own, read.get(fold) ?? []) }];
    } catch (fault) {
      if (!fold.isKept) faults.set(fold.view, fault);
      return [];
    }
  });
  const purged = folds.filter(({ own }) => own.some(isPurge)).map(({ view }) => view.name);
  const commit = (): Promise<unknown> =>
    db.batch([
      // A build's one view has the cursor for itself: where it fails, the cursor stays and says why.
      ...([...faults.keys()].some((view) => faultCursor(view).view === from.view) ? [] : [moveCursor(db, tenant, from, to)]),
      ...[...faults].map(([view, fault]) => {
        const cursor = faultCursor(view);
        return moveCursor(db, tenant, cursor, { ...cursor, version: view.version, state: "faulted", error: String(fault) });
      }),
      ...folded.flatMap(({ statements }) => statements.map((statement) => prepare(db, statement))),
      ...(purged.length > 0 ? [forgetSamples(db, tenant, purged)] : []),
    ]);
  const statements = reads + folded.reduce((sum, { statements }) => sum + statements.length, 2 + faults.size);
  const stepped = (isBeaten: boolean): Stepped => ({ statements, isBeaten, faults });
  try {
    await commit();
    return stepped(false);
  } catch (error) {
    if (isGuardError(error)) return stepped(true);
    if (!isOwnFault(error)) throw error;
    const sound: Folded[] = [];
    for (const fold of folded) {
      const fault = await tryOut(db, fold.statements);
      if (fault === undefined) sound.push(fold);
      else if (!fold.isKept) faults.set(fold.view, fault);
    }
    if (sound.length === folded.length) throw error;
    folded = sound;
    try {
      await commit();
      return stepped(false);
    } catch (second) {
      if (!isGuardError(second)) throw second;
      return stepped(true);
    }
  }
}

const isPurge = ({ type }: LoggedEvent): boolean => type === STREAM_PURGED;

function foldsOf({ members, kept = [], events }: Step): readonly Fold[] {
  const purges = kept.length > 0 ? events.filter(isPurge) : [];
  const about = (view: View, all: readonly LoggedEvent[]): readonly LoggedEvent[] => (view.concerns === undefined ? all : all.filter(view.concerns));
  return [
    ...members.map((member) => ({ ...member, own: about(member.view, events), isKept: false })),
    ...kept.map((member) => ({ ...member, own: about(member.view, purges), isKept: true })),
  ].filter(({ own }) => own.length > 0);
}

/** What views want to see of their rows, in one round trip. The cursor's guard sees to it that nothing has changed when they are written. */
async function readRows(db: D1Database, folds: readonly Fold[]): Promise<{ readonly read: ReadonlyMap<Fold, readonly Row[]>; readonly statements: number }> {
  const wanted = folds.flatMap((fold) => {
    const statement = readsOf(fold.view, fold.scope, fold.own);
    return statement === undefined ? [] : [{ fold, statement }];
  });
  if (wanted.length === 0) return { read: new Map(), statements: 0 };
  const results = await db.batch<Row>(wanted.map(({ statement }) => prepare(db, statement)));
  return { read: new Map(wanted.map(({ fold }, index) => [fold, results[index]?.results ?? []])), statements: wanted.length };
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
