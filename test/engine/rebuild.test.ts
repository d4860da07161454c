import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logHead } from "../../src/log/log-heads.ts";
import { followLog } from "../../src/log/read-log.ts";
import { advanceViews } from "../../src/views/advance.ts";
import type { LogReader, ViewEngine } from "../../src/views/engine.ts";
import { readGenerations } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { rowView } from "../../src/views/row-view.ts";
import { standings } from "../../src/views/standing.ts";
import type { View } from "../../src/kernel/index.ts";
import { rowsOf } from "../../src/testing/index.ts";
import { chance } from "../support/chance.ts";
import { append, deliver, dispatcher, draft, env, fireDispatcher, wholeLog } from "../support/engine.ts";
import { faults, faultyShards, heal } from "../support/faults.ts";
import { notes, testViews } from "../support/worker.ts";

const own = testViews.findIndex(({ name }) => name === "notes");
/** The view `notes` as other code would have it: in version 2 every star counts ten times. */
const second: View = rowView({
  ...notes,
  version: 2,
  apply(row, event, key) {
    const next = notes.apply(row && { ...row, stars: Number(row["stars"]) / 10 }, event, key);
    return next && { ...next, stars: Number(next["stars"]) * 10 };
  },
});

beforeEach(() => {
  faults.captured = [];
});
afterEach(() => {
  heal();
  testViews[own] = rowView(notes);
});

async function write(tenant: string, id: string, ...types: readonly ("Written" | "Starred" | "Erased")[]): Promise<void> {
  await append(
    tenant,
    `note-${id}`,
    types.map((type) => draft(`notes.${type}`, type === "Written" ? { text: `text of ${id}` } : {})),
  );
  await deliver(faults.captured?.splice(0) ?? []);
}

const standing = async (tenant: string) => (await standings(env.VIEWS_0, tenant, [testViews[own] as View], Date.now()))[0]!;
async function rows(tenant: string): Promise<readonly unknown[]> {
  const { scope } = await standing(tenant);
  const { results } = await env.VIEWS_0.prepare("SELECT row FROM view_rows WHERE scope = ? AND view = 'notes' ORDER BY key").bind(scope).all<{ row: string }>();
  return results.map(({ row }) => JSON.parse(row));
}
const folded = async (tenant: string) => rowsOf(notes, await wholeLog(tenant));
const generations = async (tenant: string) =>
  (await readGenerations(env.VIEWS_0, tenant)).filter(({ view }) => view === "notes").map(({ generation, state }) => `${generation} ${state}`);

async function begin(tenant: string, purpose: "rebuild" | "compare" | "rollback" = "rebuild"): Promise<string> {
  const { position } = await logHead(env.LOG_0, tenant);
  const outcome = await beginBuild(env.VIEWS_0, tenant, testViews[own] as View, { purpose, head: position, now: Date.now() });
  await dispatcher(tenant).wake();
  return outcome;
}

/** Until the dispatcher holds no alarm any more. */
async function settle(tenant: string): Promise<void> {
  for (let round = 0; round < 50; round++) if (!(await fireDispatcher(tenant))) return;
  throw new Error("expected the dispatcher to let go within 50 alarms");
}

describe("a rebuild", () => {
  test("fills a generation beside what is read, switches to it at once, and keeps the rows before as the way back", async () => {
    const tenant = "rebuild-1";
    for (const id of ["a", "b", "c"]) await write(tenant, id, "Written", "Starred");
    await env.VIEWS_0.prepare("UPDATE view_rows SET row = '{\"broken\":true}' WHERE scope = ?").bind(tenant).run();
    expect(await begin(tenant)).toBe("begun");
    expect(await begin(tenant)).toBe("running");
    expect(await standing(tenant)).toMatchObject({ state: "rebuilding", isFrozen: false, progress: { purpose: "rebuild", target: 6 } });
    expect(await rows(tenant)).toEqual([{ broken: true }, { broken: true }, { broken: true }]);
    await settle(tenant);
    expect(await rows(tenant)).toEqual(await folded(tenant));
    expect(await generations(tenant)).toEqual(["0 old", "1 live"]);
    expect(await standing(tenant)).toMatchObject({ state: "live", position: 6 });
  });

  test("again lets the rows before the last go, all of them", async () => {
    const tenant = "rebuild-2";
    for (let n = 0; n < 30; n++) await write(tenant, `n${n}`, "Written");
    for (let n = 0; n < 3; n++) {
      await begin(tenant);
      await settle(tenant);
    }
    expect(await generations(tenant)).toEqual(["2 old", "3 live"]);
    const { results } = await env.VIEWS_0.prepare("SELECT scope, count(*) AS rows FROM view_rows WHERE scope LIKE 'rebuild-2%' GROUP BY scope").all();
    expect(results).toEqual([
      { scope: "rebuild-2#2", rows: 30 },
      { scope: "rebuild-2#3", rows: 30 },
    ]);
    const keys = await env.VIEWS_0.prepare("SELECT count(*) AS keys FROM view_search_keys WHERE scope LIKE 'rebuild-2%'").first();
    expect(keys).toEqual({ keys: 60 });
  });

  test("goes on while events come in, which are in both, and nobody ever reads a row that is missing", async () => {
    const tenant = "rebuild-3";
    for (let n = 0; n < 10; n++) await write(tenant, `n${n}`, "Written");
    await begin(tenant);
    for (let n = 10; n < 20; n++) {
      await Promise.all([write(tenant, `n${n}`, "Written", "Starred"), fireDispatcher(tenant)]);
      expect((await rows(tenant)).length).toBeGreaterThanOrEqual(10);
    }
    await settle(tenant);
    expect(await rows(tenant)).toEqual(await folded(tenant));
    expect(await generations(tenant)).toEqual(["0 old", "1 live"]);
  });

  test("is taken up again after D1 has failed at any moment of it", async () => {
    const tenant = "rebuild-4";
    for (let n = 0; n < 8; n++) await write(tenant, `n${n}`, "Written");
    await begin(tenant);
    const random = chance(4);
    const fail = (): void => {
      if (random.once(2)) throw new Error("D1_ERROR: Network connection lost.");
    };
    Object.assign(faults, { beforeBatch: fail, afterBatch: fail, beforeQuery: fail });
    for (let n = 0; n < 25; n++) await fireDispatcher(tenant);
    heal();
    faults.captured = [];
    await settle(tenant);
    expect(await rows(tenant)).toEqual(await folded(tenant));
    expect(await generations(tenant)).toEqual(["0 old", "1 live"]);
  });

  test("that meets the view's own fault says so and leaves what is read alone; the next one begins anew", async () => {
    const tenant = "rebuild-5";
    await write(tenant, "a", "Written");
    testViews[own] = { ...rowView(notes), fold: () => expect.unreachable("a bug in the view") };
    await begin(tenant);
    await settle(tenant);
    expect(await standing(tenant)).toMatchObject({ state: "rebuilding", progress: { error: expect.stringContaining("a bug in the view") } });
    expect(await rows(tenant)).toEqual(await folded(tenant));
    testViews[own] = rowView(notes);
    expect(await begin(tenant)).toBe("begun");
    await settle(tenant);
    expect(await standing(tenant)).toMatchObject({ state: "live" });
    expect(await rows(tenant)).toEqual(await folded(tenant));
  });

  test("of a view that had faulted brings it back", async () => {
    const tenant = "rebuild-6";
    await write(tenant, "a", "Written");
    testViews[own] = { ...rowView(notes), fold: () => expect.unreachable("a bug in the view") };
    await write(tenant, "b", "Written");
    expect(await standing(tenant)).toMatchObject({ state: "faulted", position: 1 });
    testViews[own] = rowView(notes);
    await begin(tenant);
    await settle(tenant);
    expect(await standing(tenant)).toMatchObject({ state: "live", position: 2 });
    await write(tenant, "c", "Written");
    expect(await rows(tenant)).toEqual(await folded(tenant));
  });
});

test("who moves the views and has not seen the switch writes nothing: its events go to the rows that are read", async () => {
  const tenant = "rebuild-7";
  await write(tenant, "a", "Written");
  await write(tenant, "b", "Written");
  const { log, views: db } = faultyShards(env)(tenant);
  const engine = (follow: LogReader["follow"]): ViewEngine => ({ db, log: { follow }, views: testViews, now: Date.now });
  // One that is slow: while it reads the log, a third event comes in, and another one rebuilds and switches.
  let isFirst = true;
  const slow = engine(async (_, query) => {
    if (isFirst) {
      isFirst = false;
      faults.beforeBatch = (database) => {
        if (database === "views") throw new Error("D1_ERROR: overloaded");
      };
      await write(tenant, "c", "Written");
      heal();
      faults.captured = [];
      await beginBuild(db, tenant, testViews[own] as View, { purpose: "rebuild", head: 2, now: Date.now() });
      const upToTwo = engine(async (_, query) => {
        const page = await followLog(log, tenant, query);
        return { ...page, position: 2, events: page.events.filter(({ position }) => position <= 2) };
      });
      for (let n = 0; n < 5; n++) await advanceViews(upToTwo, tenant);
      expect(await generations(tenant)).toEqual(["0 old", "1 live"]);
    }
    return followLog(log, tenant, query);
  });
  await advanceViews(slow, tenant);
  expect(await rows(tenant)).toEqual(await folded(tenant));
});

describe("a dry run", () => {
  test("reports the rows that would differ, and changes nothing", async () => {
    const tenant = "compare-1";
    for (const id of ["a", "b", "c"]) await write(tenant, id, "Written");
    await env.VIEWS_0.prepare("UPDATE view_rows SET row = '{\"broken\":true}' WHERE scope = ? AND key = 'b'").bind(tenant).run();
    await env.VIEWS_0.prepare("DELETE FROM view_rows WHERE scope = ? AND key = 'c'").bind(tenant).run();
    const before = await rows(tenant);
    await begin(tenant, "compare");
    await settle(tenant);
    const { comparison, state } = await standing(tenant);
    expect(state).toBe("live");
    expect(comparison).toMatchObject({
      position: 3,
      differing: 2,
      samples: [
        { key: "b", live: { broken: true } },
        { key: "c", live: null, rebuilt: { noteId: "c" } },
      ],
    });
    expect(await rows(tenant)).toEqual(before);
    expect(await generations(tenant)).toEqual(["0 live", "1 compared"]);
    const { results } = await env.VIEWS_0.prepare("SELECT 1 FROM view_rows WHERE scope = 'compare-1#1'").all();
    expect(results).toEqual([]);
  });

  test("of rows that are right reports none", async () => {
    await write("compare-2", "a", "Written", "Starred");
    await begin("compare-2", "compare");
    await settle("compare-2");
    expect((await standing("compare-2")).comparison).toEqual({ position: 2, differing: 0, samples: [] });
  });
});

describe("code that has changed", () => {
  test("a new view on a tenant with a history catches up from its beginning", async () => {
    const tenant = "code-1";
    const { [own]: view } = testViews;
    testViews.splice(own, 1);
    for (const id of ["a", "b"]) await write(tenant, id, "Written");
    testViews.splice(own, 0, view as View);
    expect(await standing(tenant)).toMatchObject({ isNew: true, state: "catching-up", position: 0 });
    await dispatcher(tenant).wake();
    await settle(tenant);
    expect(await standing(tenant)).toMatchObject({ state: "live", position: 2 });
    expect(await rows(tenant)).toEqual(await folded(tenant));
  });

  test("the old rows stay, frozen, until those of the new code are there; going back takes the old ones up again", async () => {
    const tenant = "code-2";
    await write(tenant, "a", "Written", "Starred");
    testViews[own] = second;
    expect(await standing(tenant)).toMatchObject({ isFrozen: true, state: "rebuilding", position: 2 });
    expect(await rows(tenant)).toMatchObject([{ stars: 1 }]);
    await write(tenant, "a", "Starred");
    await settle(tenant);
    expect(await rows(tenant)).toMatchObject([{ stars: 20 }]);
    testViews[own] = rowView(notes);
    await write(tenant, "a", "Starred");
    await settle(tenant);
    expect(await rows(tenant)).toMatchObject([{ stars: 3 }]);
    // The rows of generation 0 were brought forward, not built anew.
    expect(await generations(tenant)).toEqual(["0 live", "1 old"]);
  });

  test("rollback goes back to the rows before a rebuild, brought up to the log; without any it says that there is no way", async () => {
    const tenant = "code-3";
    await write(tenant, "a", "Written");
    expect(await begin(tenant, "rollback")).toBe("none");
    await begin(tenant);
    await settle(tenant);
    await write(tenant, "b", "Written");
    expect(await begin(tenant, "rollback")).toBe("begun");
    await settle(tenant);
    expect(await generations(tenant)).toEqual(["0 live", "1 old"]);
    expect(await rows(tenant)).toEqual(await folded(tenant));
  });
});

describe("rebuilt = live", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("after any history with rebuilds in it: seed %i", async (seed) => {
    const random = chance(seed);
    const tenant = `law-${seed}`;
    for (let step = 0; step < 20; step++) {
      const types = Array.from({ length: random.upTo(4) }, () => random.pick(["Written", "Starred", "Starred", "Erased"] as const));
      const rebuild = async (): Promise<void> => {
        if (random.once(4) && step > 0) await begin(tenant, random.pick(["rebuild", "compare"] as const)).catch(() => undefined);
        if (random.once(2)) await fireDispatcher(tenant);
      };
      await Promise.all([write(tenant, `n${random.upTo(4)}`, ...types), rebuild()]);
    }
    await dispatcher(tenant).wake();
    await settle(tenant);
    const live = await rows(tenant);
    expect(live).toEqual(await folded(tenant));
    await begin(tenant);
    await settle(tenant);
    expect(await rows(tenant)).toEqual(live);
  });
});
