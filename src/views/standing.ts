import type { View } from "../kernel/index.ts";
import type { Comparison } from "./compare.ts";
import { cursorOf, SHARED, type ViewCursor } from "./cursors.ts";
import { buildCursor, type Generation, readGenerations, readOf, readStanding, readStandingWith, scopeOf, type Seen } from "./generations.ts";

/** Where a tenant's view stands: what is read of it, and what is being built beside that. */
export interface Standing {
  readonly name: string;
  readonly version: number;
  /** What is read: its scope, and up to which position of the log its rows are. */
  readonly scope: string;
  readonly generation: number;
  readonly position: number;
  readonly epoch: string;
  /**
   * live: moved with the log; catching-up: built for the first time; rebuilding: what is read stays while other code's rows are built
   * (`isFrozen`: it does not even move); faulted: it has met its own fault, or another log.
   */
  readonly state: "live" | "catching-up" | "rebuilding" | "faulted";
  readonly isFrozen: boolean;
  /** The log has events, and this view has not been begun: it is new since the views were moved last. Whoever sees it wakes the dispatcher. */
  readonly isNew: boolean;
  readonly error?: string;
  readonly progress?: Progress;
  /** What the last dry run found. */
  readonly comparison?: Comparison;
}

/** How far a build has come. */
export interface Progress {
  readonly purpose: Generation["purpose"];
  readonly position: number;
  /** The log's head when it began. */
  readonly target: number;
  readonly startedAt: string;
  /** Events a second since it began. */
  readonly rate: number;
  /** Why it does not go on. */
  readonly error?: string;
}

/** What the rows of a view stand under that are read now. */
export async function readScope(db: D1Database, tenant: string, view: string): Promise<string> {
  return scopeOf(tenant, readOf(await readGenerations(db, tenant), view)?.generation ?? 0);
}

type Known = Pick<View, "name" | "version">;

/** Where all of a tenant's views stand. `now`: milliseconds since 1970. */
export async function standings(db: D1Database, tenant: string, views: readonly Known[], now: number): Promise<readonly Standing[]> {
  const seen = await readStanding(db, tenant);
  return views.map((view) => standingOf(tenant, view, { ...seen, now }));
}

/** Where a view stands, and what a statement selects of its rows at that moment, in one round trip. */
export async function standingWith<Row>(
  db: D1Database,
  tenant: string,
  view: Known,
  { now, select }: { readonly now: number; readonly select: D1PreparedStatement },
): Promise<{ readonly standing: Standing; readonly rows: readonly Row[] }> {
  const { seen, rows } = await readStandingWith<Row>(db, tenant, select);
  return { standing: standingOf(tenant, view, { ...seen, now }), rows };
}

function standingOf(tenant: string, { name, version }: Known, { cursors, generations, now }: Seen & { readonly now: number }): Standing {
  const shared = cursorOf(cursors, SHARED);
  const read = readOf(generations, name);
  const faulted = cursors.find((cursor) => cursor.view === name);
  const build = generations.find((generation) => generation.view === name && generation.state === "building" && generation.version === version);
  const building = build && cursorOf(cursors, buildCursor(name, build.generation));
  const isNew = read === undefined && shared.position > 0;
  const isFirst = isNew || read?.state === "building";
  // Code that changed, and nobody has looked at the log since: what is read is of the code before.
  const isFrozen = read?.state === "frozen" || (read?.state === "live" && read.version !== version);
  const position = isFirst ? (building?.position ?? 0) : read?.state === "frozen" ? read.position : (faulted ?? shared).position;
  const error = (isFirst ? building?.error : undefined) ?? faulted?.error ?? (shared.state === "stopped" ? shared.error : undefined);
  const compared = generations.findLast((generation) => generation.view === name && generation.report !== null)?.report;
  return {
    name,
    version,
    scope: scopeOf(tenant, read?.generation ?? 0),
    generation: read?.generation ?? 0,
    position,
    epoch: shared.epoch,
    state: error ? "faulted" : isFirst ? "catching-up" : isFrozen ? "rebuilding" : build && build.purpose !== "compare" ? "rebuilding" : "live",
    isFrozen,
    isNew,
    ...(error && { error }),
    ...(build && building && { progress: progressOf(build, building, now) }),
    ...(compared && { comparison: JSON.parse(compared) as Comparison }),
  };
}

function progressOf({ purpose, target, started }: Generation, { position, error }: ViewCursor, now: number): Progress {
  const seconds = Math.max((now - Date.parse(started)) / 1000, 0.001);
  return { purpose, position, target, startedAt: started, rate: Math.round(position / seconds), ...(error && { error }) };
}
