import type { LogHead } from "../kernel/index.ts";

/** The name of the cursor that all live views share. */
export const SHARED = "*";

/** A row of `view_cursors`. */
export interface ViewCursor {
  /** `*`, a view that is faulted, or `<view>#<generation>` of one that is being built. */
  readonly view: string;
  readonly version: number;
  readonly position: number;
  readonly epoch: string;
  /** Of the event at `position`, as the log wrote it; empty where it is not known. */
  readonly entry: string;
  readonly state: "live" | "faulted" | "stopped";
  readonly error: string | null;
  /** Of the shared cursor: how often the set of views that it moves has changed. */
  readonly members: number;
}

/** The head of the log, and the entry of its event at a cursor's position: null where there is none. */
export type HeadAt = LogHead & { readonly entryAt: string | null };

/** The statement that gives all cursors of a tenant's views. */
export function selectCursors(db: D1Database, tenant: string): D1PreparedStatement {
  return db.prepare("SELECT view, version, position, epoch, entry, state, error, members FROM view_cursors WHERE tenant = ?").bind(tenant);
}

/** The cursors of a tenant's views. */
export async function readCursors(db: D1Database, tenant: string): Promise<readonly ViewCursor[]> {
  return (await selectCursors(db, tenant).all<ViewCursor>()).results;
}

/** A cursor by name; one that has not begun where there is none. */
export function cursorOf(cursors: readonly ViewCursor[], view: string): ViewCursor {
  const none: ViewCursor = { view, version: 0, position: 0, epoch: "", entry: "", state: "live", error: null, members: 0 };
  return cursors.find((cursor) => cursor.view === view) ?? none;
}

/** Moves a cursor, or fails with `view_guard` where it is no longer where it was, or moves other views than it did. */
export function moveCursor(db: D1Database, tenant: string, from: ViewCursor, to: ViewCursor): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO view_cursors (tenant, view, version, from_position, position, epoch, state, error, entry, from_members, members)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
       ON CONFLICT (tenant, view) DO UPDATE SET version = excluded.version, from_position = excluded.from_position, position = excluded.position,
         epoch = excluded.epoch, state = excluded.state, error = excluded.error, entry = excluded.entry,
         from_members = excluded.from_members, members = excluded.members`,
    )
    .bind(tenant, to.view, to.version, from.position, to.position, to.epoch, to.state, to.error, to.entry, from.members, to.members);
}

/** Whether a transaction failed because somebody else has moved the cursor. */
export function isGuardError(error: unknown): boolean {
  return String(error).includes("view_guard");
}

/** A cursor that meets another epoch, a head behind itself or another event where it stands does not go on: what it counted is not this log. */
export function whyStopped({ state, error, epoch, position, entry }: ViewCursor, head: HeadAt): string | undefined {
  if (state === "stopped") return error ?? "";
  if (position === 0) return undefined;
  if (epoch !== head.epoch) return `The views follow the log of epoch ${epoch}, the log's epoch is ${head.epoch === "" ? "none" : head.epoch}.`;
  if (position > head.position) return `The views are at position ${position}, the log ends at ${head.position}.`;
  if (entry !== "" && entry !== head.entryAt) return `At position ${position} the views have counted another event than the log has now: it was set back.`;
  return undefined;
}
