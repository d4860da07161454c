import type { View } from "../kernel/index.ts";
import { cursorOf, moveCursor, selectCursors, SHARED, type ViewCursor } from "./cursors.ts";

export type Purpose = "catch-up" | "rebuild" | "compare" | "rollback";

/** A row of `view_generations`. */
export interface Generation {
  readonly view: string;
  readonly generation: number;
  readonly version: number;
  readonly state: "live" | "frozen" | "building" | "old" | "discarding" | "compared";
  readonly purpose: Purpose | "";
  readonly position: number;
  readonly entry: string;
  readonly target: number;
  readonly started: string;
  readonly report: string | null;
}

/** What the rows of a generation stand under. A `#` is in no tenant's name. */
export function scopeOf(tenant: string, generation: number): string {
  return generation === 0 ? tenant : `${tenant}#${generation}`;
}

/** Whose rows stand under a scope. */
export function tenantOf(scope: string): string {
  return scope.split("#", 1)[0] as string;
}

/**
 * SQL for the scope that is read of a tenant's view (`?1`, `?2`): what `readOf` says, found in the transaction that reads the rows.
 */
export const READ_SCOPE = `coalesce((
  SELECT ?1 || CASE generation WHEN 0 THEN '' ELSE '#' || generation END FROM view_generations
  WHERE tenant = ?1 AND view = ?2 AND (state IN ('live', 'frozen') OR (state = 'building' AND purpose = 'catch-up'))
  ORDER BY CASE state WHEN 'live' THEN 0 WHEN 'frozen' THEN 1 ELSE 2 END, generation LIMIT 1), ?1)`;

/** The cursor of a generation that is being built. */
export function buildCursor(view: string, generation: number): string {
  return `${view}#${generation}`;
}

function selectGenerations(db: D1Database, tenant: string): D1PreparedStatement {
  return db
    .prepare(
      "SELECT view, generation, version, state, purpose, position, entry, target, started, report FROM view_generations WHERE tenant = ? ORDER BY view, generation",
    )
    .bind(tenant);
}

export async function readGenerations(db: D1Database, tenant: string): Promise<readonly Generation[]> {
  return (await selectGenerations(db, tenant).all<Generation>()).results;
}

/** Cursors and generations of one moment. */
export interface Seen {
  readonly cursors: readonly ViewCursor[];
  readonly generations: readonly Generation[];
}

/** Cursors and generations of one moment, in one round trip. */
export async function readStanding(db: D1Database, tenant: string): Promise<Seen> {
  return (await readStandingWith(db, tenant)).seen;
}

/** The same, and the rows that one more statement selects at that moment. */
export async function readStandingWith<Row>(
  db: D1Database,
  tenant: string,
  ...selects: readonly D1PreparedStatement[]
): Promise<{ readonly seen: Seen; readonly rows: readonly Row[] }> {
  const [cursors, generations, rows] = await db.batch<ViewCursor | Generation | Row>([selectCursors(db, tenant), selectGenerations(db, tenant), ...selects]);
  const seen = { cursors: (cursors?.results ?? []) as ViewCursor[], generations: (generations?.results ?? []) as Generation[] };
  return { seen, rows: (rows?.results ?? []) as Row[] };
}

/** The generation whose rows are read: the live one, else the frozen one, else the one that is being built for the first time. */
export function readOf(generations: readonly Generation[], view: string): Generation | undefined {
  const own = generations.filter((generation) => generation.view === view);
  const inState = (state: Generation["state"]): Generation | undefined => own.find((generation) => generation.state === state);
  return inState("live") ?? inState("frozen") ?? own.find(({ state, purpose }) => state === "building" && purpose === "catch-up");
}

/** Views whose live rows are not of the code that there is: new ones, and changed ones. Each needs a build of its own. */
export function newcomers(views: readonly View[], generations: readonly Generation[]): readonly View[] {
  return views.filter(({ name, version }) => {
    const own = generations.filter((generation) => generation.view === name && generation.version === version);
    return !own.some(({ state, purpose }) => state === "live" || (state === "building" && purpose !== "compare"));
  });
}

/** A live generation whose code is gone: it is read as it stands until the new one is there. */
export function outdated(views: readonly View[], generations: readonly Generation[]): readonly Generation[] {
  return generations.filter(({ state, view, version }) => state === "live" && views.some((known) => known.name === view && known.version !== version));
}

/**
 * Takes new and changed views in: where nothing was folded yet they are live at once; else a generation of each is built beside what
 * is read, from the old rows of the same code where there are any, so that going back to a version is no rebuild.
 */
export async function admit(
  db: D1Database,
  tenant: string,
  { shared, views, generations, target, now }: { shared: ViewCursor; views: readonly View[]; generations: readonly Generation[]; target: number; now: number },
): Promise<void> {
  const fresh = newcomers(views, generations);
  const frozen = outdated(views, generations);
  if (fresh.length === 0 && frozen.length === 0) return;
  const started = new Date(now).toISOString();
  await db.batch([
    moveCursor(db, tenant, shared, { ...shared, members: shared.members + 1 }),
    ...frozen.map(({ view, generation }) =>
      db
        .prepare("UPDATE view_generations SET state = 'frozen', position = ?4, entry = ?5 WHERE tenant = ?1 AND view = ?2 AND generation = ?3")
        .bind(tenant, view, generation, shared.position, shared.entry),
    ),
    ...fresh.flatMap((view) =>
      shared.position === 0 ? [insert(db, tenant, view, { generation: 0, state: "live" })] : begin(db, tenant, view, { generations, target, started }),
    ),
  ]);
}

/** The statements that begin a build of a view. */
export function begin(
  db: D1Database,
  tenant: string,
  view: View,
  { generations, target, started, purpose = "catch-up" }: { generations: readonly Generation[]; target: number; started: string; purpose?: Purpose },
): readonly D1PreparedStatement[] {
  const own = generations.filter((generation) => generation.view === view.name);
  const old =
    purpose === "catch-up" || purpose === "rollback"
      ? own.findLast(({ state, version }) => (state === "old" || state === "frozen") && version === view.version)
      : undefined;
  if (old === undefined) {
    return [insert(db, tenant, view, { generation: Math.max(0, ...own.map(({ generation }) => generation)) + 1, state: "building", purpose, target, started })];
  }
  return [
    db
      .prepare("UPDATE view_generations SET state = 'building', purpose = ?4, target = ?5, started = ?6 WHERE tenant = ?1 AND view = ?2 AND generation = ?3")
      .bind(tenant, view.name, old.generation, purpose, target, started),
    // It goes on from where it stood, if that is still where the log has the same event.
    db
      .prepare(
        `INSERT INTO view_cursors (tenant, view, version, from_position, position, epoch, state, entry)
         SELECT ?1, ?2, ?3, ?4, ?4, epoch, 'live', ?5 FROM view_cursors WHERE tenant = ?1 AND view = '${SHARED}'`,
      )
      .bind(tenant, buildCursor(view.name, old.generation), view.version, old.position, old.entry),
  ];
}

function insert(
  db: D1Database,
  tenant: string,
  { name, version }: View,
  { generation, state, purpose = "", target = 0, started = "" }: { generation: number; state: string; purpose?: string; target?: number; started?: string },
): D1PreparedStatement {
  return db
    .prepare("INSERT INTO view_generations (tenant, view, generation, version, state, purpose, target, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(tenant, name, generation, version, state, purpose, target, started);
}

/** A view's rows, and where they stand. */
export interface Member {
  readonly view: View;
  readonly scope: string;
}

/** The views that the shared cursor moves, each with the scope of its live rows. Faulted ones stand apart. */
export function members(views: readonly View[], generations: readonly Generation[], cursors: readonly ViewCursor[], tenant: string): readonly Member[] {
  return views.flatMap((view) => {
    const live = generations.find((generation) => generation.view === view.name && generation.state === "live" && generation.version === view.version);
    const isApart = cursorOf(cursors, view.name).state === "faulted";
    return live === undefined || isApart ? [] : [{ view, scope: scopeOf(tenant, live.generation) }];
  });
}

/** Rows that are kept as they are, to be read or as the way back, beside those that are moved: only a purge reaches them. */
export function keptBeside(moved: readonly Member[], views: readonly View[], generations: readonly Generation[], tenant: string): readonly Member[] {
  const scopes = new Set(moved.map(({ view, scope }) => `${view.name} ${scope}`));
  return views.flatMap((view) =>
    generations
      .filter(({ view: name, state, version }) => name === view.name && ["live", "frozen", "old"].includes(state) && view.forgets?.(version))
      .map(({ generation }) => ({ view, scope: scopeOf(tenant, generation) }))
      .filter(({ scope }) => !scopes.has(`${view.name} ${scope}`)),
  );
}
