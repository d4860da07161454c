import { expect, test } from "vitest";
import { sql, unpackHint, type View } from "../../src/kernel/index.ts";
import { project } from "../../src/log/project.ts";
import { followLog } from "../../src/log/read-log.ts";
import { advanceViews, readCursors } from "../../src/views/advance.ts";
import type { LogReader, ViewEngine } from "../../src/views/engine.ts";
import { readGenerations, scopeOf } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { readScope } from "../../src/views/standing.ts";
import { append, draft, env } from "../support/engine.ts";
import { faults, faultyShards } from "../support/faults.ts";
import { byHand } from "../support/by-hand.ts";

byHand();

/** Brings an event into the log, and tells nobody. */
async function intoLog(tenant: string): Promise<void> {
  await append(tenant, "note-1", [draft("notes.Added", {})]);
  const hints = (faults.captured?.splice(0) ?? []).map((message) => unpackHint(message) ?? expect.unreachable());
  await project(env.LOG_0, hints, { eventsAfter: () => expect.unreachable(), followed: () => Promise.resolve(), forget: () => Promise.resolve() });
}

/** A view that notes, with each position that it folds, which code did it. */
function code(version: number, isBroken = () => false): View {
  return {
    name: "code",
    version,
    rows: "SELECT key, row FROM view_rows WHERE scope = ?1 AND view = 'code'",
    discard: (scope) => [sql`DELETE FROM view_rows WHERE scope = ${scope} AND view = 'code'`],
    fold(scope, events) {
      if (isBroken()) throw new Error("a bug in the view");
      // Twice is a fault of its own.
      return events.map(
        ({ position }) =>
          sql`INSERT INTO view_rows (scope, view, key, row, stream) VALUES (${scope}, 'code', ${`${position}`}, ${JSON.stringify(version)}, '')`,
      );
    },
  };
}
async function rowsOf(scope: string): Promise<readonly string[]> {
  const { results } = await env.VIEWS_0.prepare("SELECT key || ' by ' || row AS text FROM view_rows WHERE scope = ? AND view = 'code' ORDER BY key")
    .bind(scope)
    .all<{ text: string }>();
  return results.map(({ text }) => text);
}
const read = async (tenant: string): Promise<readonly string[]> => rowsOf(await readScope(env.VIEWS_0, tenant, "code"));
const generations = async (tenant: string) => (await readGenerations(env.VIEWS_0, tenant)).map(({ version, state }) => `${version} ${state}`);
const cursors = async (tenant: string) => new Map((await readCursors(env.VIEWS_0, tenant)).map((cursor) => [cursor.view, cursor]));

function engineOf(tenant: string, view: View, before: (query: Parameters<LogReader["follow"]>[1]) => Promise<void> = async () => {}): ViewEngine {
  const { log, views: db } = faultyShards(env)(tenant);
  const follow: LogReader["follow"] = async (_, query) => {
    await before(query);
    return followLog(log, tenant, query);
  };
  return { db, log: { follow }, views: [view], now: Date.now };
}
const rebuild = (tenant: string, view: View) => beginBuild(env.VIEWS_0, tenant, view, { purpose: "rebuild", head: 1, now: Date.now() });
/** Both have looked before either writes. */
function together(): void {
  let waiting = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  faults.beforeBatch = async (database) => {
    if (database !== "views" || waiting >= 2) return;
    if (++waiting === 2) resolve(undefined);
    await promise;
  };
}

test("what other code builds is left alone, and held by nobody's alarm who does not know that code", async () => {
  const tenant = "builds-1";
  await intoLog(tenant);
  await advanceViews(engineOf(tenant, code(1)), tenant);
  expect(await rebuild(tenant, code(2))).toBe("begun");
  await intoLog(tenant);
  expect(await advanceViews(engineOf(tenant, code(1)), tenant)).toMatchObject({ position: 2, isBuilding: false });
  expect([await read(tenant), await rowsOf(scopeOf(tenant, 1))]).toEqual([["1 by 1", "2 by 1"], []]);
  await advanceViews(engineOf(tenant, code(2)), tenant);
  expect(await read(tenant)).toEqual(["1 by 2", "2 by 2"]);
});

test("a build goes no further than the live views: what comes into the log meanwhile is folded into the new rows once", async () => {
  const tenant = "builds-2";
  await intoLog(tenant);
  await advanceViews(engineOf(tenant, code(1)), tenant);
  expect(await rebuild(tenant, code(1))).toBe("begun");
  let hasCome = false;
  await advanceViews(
    engineOf(tenant, code(1), async ({ position }) => {
      if (position > 0 || hasCome) return;
      hasCome = true;
      await intoLog(tenant);
    }),
    tenant,
  );
  expect([hasCome, await generations(tenant), await read(tenant)]).toEqual([true, ["1 old", "1 live"], ["1 by 1"]]);
  expect(await advanceViews(engineOf(tenant, code(1)), tenant)).toMatchObject({ position: 2 });
  expect((await cursors(tenant)).get("code")).toBeUndefined();
  expect(await read(tenant)).toEqual(["1 by 1", "2 by 1"]);
});

test("a build that has met its view's fault stands still and says why, until somebody begins another", async () => {
  const tenant = "builds-3";
  let isBroken = false;
  const view = code(1, () => isBroken);
  await intoLog(tenant);
  await advanceViews(engineOf(tenant, view), tenant);
  expect(await rebuild(tenant, view)).toBe("begun");
  isBroken = true;
  expect(await advanceViews(engineOf(tenant, view), tenant)).toMatchObject({ isBuilding: false });
  isBroken = false;
  await intoLog(tenant);
  expect(await advanceViews(engineOf(tenant, view), tenant)).toMatchObject({ position: 2, isBuilding: false });
  expect((await cursors(tenant)).get("code#1")).toMatchObject({ state: "faulted", position: 0, error: expect.stringContaining("a bug in the view") });
  expect(await generations(tenant)).toEqual(["1 live", "1 building"]);
});

test("code that changes twice has its own rows, and nobody's of before", async () => {
  const tenant = "builds-4";
  for (const version of [1, 2, 3]) {
    await intoLog(tenant);
    await advanceViews(engineOf(tenant, code(version)), tenant);
    expect(await read(tenant)).toEqual(Array.from({ length: version }, (_, at) => `${at + 1} by ${version}`));
  }
});

test("code that goes back before the new rows are there takes its own up where they stand", async () => {
  const tenant = "builds-8";
  await intoLog(tenant);
  await advanceViews(engineOf(tenant, code(1)), tenant);
  await intoLog(tenant);
  await advanceViews(
    engineOf(
      tenant,
      code(2, () => true),
    ),
    tenant,
  );
  expect(await generations(tenant)).toEqual(["1 frozen", "2 building"]);
  await advanceViews(engineOf(tenant, code(1)), tenant);
  expect([await read(tenant), await readScope(env.VIEWS_0, tenant, "code")]).toEqual([["1 by 1", "2 by 1"], tenant]);
});

test("of two who begin to build at once one begins, and the other is told that it is under way", async () => {
  const tenant = "builds-5";
  await intoLog(tenant);
  await advanceViews(engineOf(tenant, code(1)), tenant);
  const { views: db } = faultyShards(env)(tenant);
  together();
  const begin = () => beginBuild(db, tenant, code(1), { purpose: "rebuild", head: 1, now: Date.now() });
  expect((await Promise.all([begin(), begin()])).toSorted()).toEqual(["begun", "running"]);
  expect(await generations(tenant)).toEqual(["1 live", "1 building"]);
});

test("of two who let a tenant's first views in at once both go on, and each event counts once", async () => {
  const tenant = "builds-6";
  await intoLog(tenant);
  together();
  const moved = await Promise.all([advanceViews(engineOf(tenant, code(1)), tenant), advanceViews(engineOf(tenant, code(1)), tenant)]);
  expect(moved.map(({ position }) => position)).toEqual([1, 1]);
  expect([await read(tenant), (await cursors(tenant)).size]).toEqual([["1 by 1"], 1]);
});

test("of two who come to the end of a build at once both go on, and it is switched to once", async () => {
  const tenant = "builds-7";
  await intoLog(tenant);
  await advanceViews(engineOf(tenant, code(1)), tenant);
  expect(await rebuild(tenant, code(1))).toBe("begun");
  let hasCome = false;
  // One has found that the build has all, and another switches to it first.
  const slow = engineOf(tenant, code(1), async ({ position }) => {
    if (hasCome || position !== 1 || (await cursors(tenant)).get("code#1")?.position !== 1) return;
    hasCome = true;
    await advanceViews(engineOf(tenant, code(1)), tenant);
  });
  await advanceViews(slow, tenant);
  expect([hasCome, await generations(tenant), await read(tenant)]).toEqual([true, ["1 old", "1 live"], ["1 by 1"]]);
});
