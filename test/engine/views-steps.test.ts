import { describe, expect, test } from "vitest";
import { type LoggedEvent, sql, type Statement, unpackHint, type View } from "../../src/kernel/index.ts";
import { project } from "../../src/log/project.ts";
import { followLog } from "../../src/log/read-log.ts";
import { advanceViews, readCursors } from "../../src/views/advance.ts";
import { MAX_STATEMENTS, type ViewEngine } from "../../src/views/engine.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { append, draft, env } from "../support/engine.ts";
import { faults, faultyShards, heal, trips } from "../support/faults.ts";
import { setLogBack } from "../support/log-set-back.ts";
import { byHand } from "../support/by-hand.ts";

/** D1 stops an invocation at so many. */
const STATEMENTS_OF_D1 = 1_000;

byHand();

/** Brings events into the log, and tells nobody. */
async function intoLog(tenant: string, count: number): Promise<void> {
  await append(
    tenant,
    "note-1",
    Array.from({ length: count }, (_, n) => draft("notes.Added", { n })),
  );
  const hints = (faults.captured?.splice(0) ?? []).map((message) => unpackHint(message) ?? expect.unreachable());
  await project(env.LOG_0, hints, { eventsAfter: () => expect.unreachable(), followed: () => Promise.resolve(), forget: () => Promise.resolve() });
}

/** A view of one row, the positions that it has folded. */
function positions(name: string, more: (scope: string, events: readonly LoggedEvent[]) => readonly Statement[] = () => []): View {
  return {
    name,
    version: 1,
    rows: `SELECT key, row FROM view_rows WHERE scope = ?1 AND view = '${name}'`,
    discard: (scope) => [sql`DELETE FROM view_rows WHERE scope = ${scope} AND view = ${name}`],
    fold: (scope, events) => [
      ...more(scope, events),
      sql`INSERT INTO view_rows (scope, view, key, row, stream) VALUES (${scope}, ${name}, 'all', ${JSON.stringify(events.map(({ position }) => position))}, '')
          ON CONFLICT (scope, view, key) DO UPDATE SET row = (
            SELECT json_group_array(value) FROM (SELECT value FROM json_each(view_rows.row) UNION ALL SELECT value FROM json_each(excluded.row)))`,
    ],
  };
}
async function foldedBy(tenant: string, view: string): Promise<unknown> {
  const row = await env.VIEWS_0.prepare("SELECT row FROM view_rows WHERE scope = ? AND view = ? AND key = 'all'").bind(tenant, view).first<{ row: string }>();
  return row && JSON.parse(row.row);
}
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

/** Moves these views over a log of which they are given so many events at a time. */
function engineOf(tenant: string, views: readonly View[], limit = 500): ViewEngine {
  const { log, views: db } = faultyShards(env)(tenant);
  return { db, log: { follow: (_, query) => followLog(log, tenant, { ...query, limit }) }, views, now: Date.now };
}
const cursor = async (tenant: string, view: string) => (await readCursors(env.VIEWS_0, tenant)).find((row) => row.view === view);

describe("one move of the views", () => {
  const many = positions("many", (scope) =>
    Array.from(
      { length: 20 },
      (_, n) => sql`INSERT INTO view_rows (scope, view, key, row, stream) VALUES (${scope}, 'many', ${`${n}`}, '', '') ON CONFLICT DO NOTHING`,
    ),
  );

  test("begins no step after 600 statements, and the next one goes on where it was", async () => {
    const tenant = "steps-1";
    await intoLog(tenant, 60);
    const before = faults.statements;
    const { position, isBuilding } = await advanceViews(engineOf(tenant, [many], 1), tenant);
    expect(position).toBeGreaterThan(10);
    expect(position).toBeLessThan(MAX_STATEMENTS / 20);
    expect(faults.statements - before).toBeLessThan(MAX_STATEMENTS + 30);
    expect(isBuilding).toBe(false);
    for (let moves = 0; moves < 3; moves++) await advanceViews(engineOf(tenant, [many], 1), tenant);
    expect(await foldedBy(tenant, "many")).toEqual(upTo(60));
  });

  test("has for what is built beside them what the steps of the live views have left", async () => {
    const tenant = "steps-2";
    await intoLog(tenant, 40);
    for (let moves = 0; moves < 2; moves++) await advanceViews(engineOf(tenant, [many], 1), tenant);
    expect(await foldedBy(tenant, "many")).toEqual(upTo(40));
    expect(await beginBuild(env.VIEWS_0, tenant, many, { purpose: "rebuild", head: 40, now: Date.now() })).toBe("begun");
    await intoLog(tenant, 15);
    const before = faults.statements;
    expect(await advanceViews(engineOf(tenant, [many], 1), tenant)).toMatchObject({ position: 55, isBuilding: true });
    expect(faults.statements - before).toBeLessThan(MAX_STATEMENTS + 60);
    expect(MAX_STATEMENTS + 60).toBeLessThan(STATEMENTS_OF_D1);
  });

  test("takes two calls of the views more where it is a tenant's first: they are let in, and looked at", async () => {
    const tenant = "steps-3";
    await intoLog(tenant, 1);
    // It looks, lets them in, looks, and writes.
    expect(await trips(() => advanceViews(engineOf(tenant, [positions("one")]), tenant))).toEqual({ log: 1, views: 4 });
    heal();
    faults.captured = [];
    await intoLog(tenant, 1);
    expect(await trips(() => advanceViews(engineOf(tenant, [positions("one")]), tenant))).toEqual({ log: 1, views: 2 });
  });
});

describe("a view that meets its own fault in the middle of a move", () => {
  test("folds nothing more: its rows are those of the position where it was left", async () => {
    const tenant = "steps-4";
    await intoLog(tenant, 4);
    const faulty = positions("faulty", (_, events) => {
      if (events.some(({ position }) => position === 2)) throw new Error("a bug in the view");
      return [];
    });
    await advanceViews(engineOf(tenant, [positions("sound"), faulty], 1), tenant);
    expect([await foldedBy(tenant, "sound"), await foldedBy(tenant, "faulty")]).toEqual([upTo(4), [1]]);
    expect(await cursor(tenant, "faulty")).toMatchObject({ position: 1, state: "faulted" });
  });

  test("brings no other into disrepute, though D1 fails while it is found out whose fault it was: nothing has moved", async () => {
    const tenant = "steps-5";
    await intoLog(tenant, 1);
    const faulty = positions("faulty", () => [sql`INSERT INTO nowhere VALUES (1)`]);
    const sound = positions("sound");
    let batches = 0;
    // It looks, lets them in, looks, and writes; then it tries out one after the other.
    faults.beforeBatch = (database) => {
      if (database === "views" && ++batches === 5) throw new Error("D1_ERROR: Network connection lost.");
    };
    await expect(advanceViews(engineOf(tenant, [sound, faulty]), tenant)).rejects.toThrow("Network connection lost");
    expect(await readCursors(env.VIEWS_0, tenant)).toMatchObject([{ view: "*", position: 0, state: "live" }]);
    heal();
    await advanceViews(engineOf(tenant, [sound, faulty]), tenant);
    expect(await foldedBy(tenant, "sound")).toEqual([1]);
    expect((await readCursors(env.VIEWS_0, tenant)).map(({ view, state }) => [view, state]).toSorted()).toEqual([
      ["*", "live"],
      ["faulty", "faulted"],
    ]);
  });

  test("is no fault of the move, though another was faster while it was found out", async () => {
    const tenant = "steps-6";
    await intoLog(tenant, 1);
    const faulty = positions("faulty", () => [sql`INSERT INTO nowhere VALUES (1)`]);
    const views = [positions("sound"), faulty];
    let batches = 0;
    faults.beforeBatch = async (database) => {
      // Both were tried out, and what is sound is to be written.
      if (database !== "views" || ++batches !== 7) return;
      faults.beforeBatch = () => {};
      await advanceViews(engineOf(tenant, views), tenant);
    };
    expect(await advanceViews(engineOf(tenant, views), tenant)).toMatchObject({ position: 1 });
    expect(batches).toBe(7);
    expect(await foldedBy(tenant, "sound")).toEqual([1]);
  });
});

describe("views that have stopped", () => {
  test("cost two questions and no row, however often they are to be moved", async () => {
    const tenant = "steps-7";
    const views = [positions("one")];
    await intoLog(tenant, 2);
    await advanceViews(engineOf(tenant, views), tenant);
    await setLogBack(tenant, 1);
    expect((await advanceViews(engineOf(tenant, views), tenant)).stopped).toMatch(/the log ends at 1/);
    expect(await trips(() => advanceViews(engineOf(tenant, views), tenant))).toEqual({ log: 1, views: 1 });
  });
});
