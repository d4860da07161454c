import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineEvents, defineProjection, type LoggedEvent, type Projection } from "../../src/kernel/index.ts";
import { logHead } from "../../src/log/log-heads.ts";
import { rowsOf } from "../../src/testing/index.ts";
import { readGenerations } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { rowView } from "../../src/views/row-view.ts";
import { standings } from "../../src/views/standing.ts";
import { chance } from "../support/chance.ts";
import { append, deliver, dispatcher, draft, env, fireAlarm, fireDispatcher, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { notes, testViews } from "../support/worker.ts";

const guestEvents = defineEvents("guests", {
  Came: z.object({ visit: z.string(), day: z.string(), spent: z.int() }),
  Left: z.object({ visits: z.array(z.string()) }),
  Closed: z.object({ day: z.string() }),
});

/** Rows of one guest alone, under keys of the guest's making. */
const visits = defineProjection({
  name: "visits",
  version: 1,
  events: [guestEvents],
  key: "visit",
  row: z.object({ visit: z.string(), guest: z.string(), isOver: z.boolean() }),
  search: ["guest"],
  index: ["guest"],
  keyOf: { "guests.Came": ({ data }) => data.visit, "guests.Left": ({ data }) => data.visits },
  without: "nothing",
  on: {
    "guests.Came": (_, { id }) => ({ guest: `guest ${id}`, isOver: false }),
    "guests.Left": (row) => row && { ...row, isOver: true },
  },
});

/** Rows that many guests make together. */
const days = defineProjection({
  name: "days",
  version: 1,
  events: [guestEvents],
  key: "day",
  row: z.object({ day: z.string(), visits: z.int(), spent: z.int() }),
  keyOf: { "guests.Came": ({ data }) => data.day, "guests.Closed": ({ data }) => data.day },
  without: (row, part) => (row.visits > part.visits ? { visits: row.visits - part.visits, spent: row.spent - part.spent } : undefined),
  on: { "guests.Came": (row, { data }) => ({ visits: (row?.visits ?? 0) + 1, spent: (row?.spent ?? 0) + data.spent }), "guests.Closed": () => undefined },
});

const declared: readonly Projection[] = [notes, visits, days];
testViews.push(rowView(visits), rowView(days));
const viewOf = (name: string) => testViews.find((view) => view.name === name)!;

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const collect = (): Promise<readonly string[]> => deliver(faults.captured?.splice(0) ?? []);

async function came(tenant: string, guest: string, visit: string, { day = "monday", spent = 1 } = {}): Promise<void> {
  await append(tenant, `guest-${guest}`, [draft("guests.Came", { visit, day, spent })]);
  await collect();
}

/** Closes the stream and empties its data, in the object and in the log; the purge reaches the log first. */
async function purge(tenant: string, stream: string): Promise<void> {
  await stub(tenant, stream).close({ purge: true, precondition: { kind: "none" }, source: "/v1", metadata: draft("x", 1).metadata });
  await collect();
}

async function rows(tenant: string, { name }: Pick<Projection, "name">): Promise<readonly unknown[]> {
  const [standing] = await standings(env.VIEWS_0, tenant, [viewOf(name)], Date.now());
  const { results } = await env.VIEWS_0.prepare("SELECT row FROM view_rows WHERE scope = ? AND view = ? ORDER BY key")
    .bind(standing?.scope, name)
    .all<{ row: string }>();
  return results.map(({ row }) => JSON.parse(row));
}

async function begin(tenant: string, name: string, purpose: "rebuild" | "compare" | "rollback" = "rebuild"): Promise<void> {
  const { position } = await logHead(env.LOG_0, tenant);
  await beginBuild(env.VIEWS_0, tenant, viewOf(name), { purpose, head: position, now: Date.now() });
  await dispatcher(tenant).wake();
}

async function settle(tenant: string, streams: readonly string[] = []): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const fired = await Promise.all([...streams.map((stream) => fireAlarm(tenant, stream)), fireDispatcher(tenant)]);
    await collect();
    if (!fired.includes(true)) return;
  }
  throw new Error("expected the alarms to let go within 50 rounds");
}

/** Entries of an index that no row has, and rows that their index lacks: none. */
async function wrongIndex(tenant: string): Promise<readonly unknown[]> {
  const rows = "SELECT scope, view, 'guest' AS column_name, row ->> '$.guest' AS value, key FROM view_rows WHERE view = 'visits' AND scope LIKE ?1";
  const index = "SELECT scope, view, column_name, value, key FROM view_index WHERE scope LIKE ?1";
  const differing = `SELECT * FROM (${rows} EXCEPT ${index}) UNION ALL SELECT * FROM (${index} EXCEPT ${rows})`;
  return (await env.VIEWS_0.prepare(differing).bind(`${tenant}%`).all()).results;
}

/** All that a tenant's views hold, in whatever generation, index or report. */
async function everythingKept(tenant: string): Promise<string> {
  const like = `${tenant}%`;
  const results = await env.VIEWS_0.batch([
    env.VIEWS_0.prepare("SELECT key, row FROM view_rows WHERE scope LIKE ?").bind(like),
    env.VIEWS_0.prepare("SELECT key, stream, part FROM view_parts WHERE scope LIKE ?").bind(like),
    env.VIEWS_0.prepare("SELECT column_name, value, key FROM view_index WHERE scope LIKE ?").bind(like),
    env.VIEWS_0.prepare("SELECT text FROM view_search WHERE rowid IN (SELECT id FROM view_search_keys WHERE scope LIKE ?)").bind(like),
    env.VIEWS_0.prepare("SELECT report FROM view_generations WHERE tenant = ?").bind(tenant),
  ]);
  return JSON.stringify(results.map(({ results }) => results));
}

describe("a purge, as soon as the views have its event,", () => {
  test("takes away the rows that are of its stream alone, whatever their keys", async () => {
    await came("purged-1", "ann", "v1");
    await came("purged-1", "bob", "v2");
    await came("purged-1", "ann", "v3");
    await purge("purged-1", "guest-ann");
    expect(await rows("purged-1", visits)).toEqual([{ visit: "v2", guest: "guest bob", isOver: false }]);
    expect(await everythingKept("purged-1")).not.toContain("ann");
  });

  test("takes its stream's part out of the rows that several make", async () => {
    const tenant = "purged-2";
    await came(tenant, "ann", "v1", { spent: 5 });
    await came(tenant, "bob", "v2", { spent: 7 });
    await came(tenant, "ann", "v3", { spent: 20 });
    await came(tenant, "ann", "v4", { day: "tuesday" });
    await purge(tenant, "guest-ann");
    expect(await rows(tenant, days)).toEqual([{ day: "monday", visits: 1, spent: 7 }]);
    await purge(tenant, "guest-bob");
    expect(await rows(tenant, days)).toEqual([]);
    expect(await everythingKept(tenant)).not.toMatch(/ann|bob/);
  });

  test("that comes in one step with what it purges and with others", async () => {
    const tenant = "purged-3";
    await append(tenant, "guest-bob", [draft("guests.Came", { visit: "v1", day: "monday", spent: 1 })]);
    await append(tenant, "guest-ann", [draft("guests.Came", { visit: "v2", day: "monday", spent: 1 }), draft("guests.Left", { visits: ["v2"] })]);
    await purge(tenant, "guest-ann");
    await came(tenant, "cid", "v2");
    expect(await rows(tenant, visits)).toMatchObject([{ guest: "guest bob" }, { visit: "v2", guest: "guest cid", isOver: false }]);
    expect(await rows(tenant, days)).toEqual([{ day: "monday", visits: 2, spent: 2 }]);
  });

  test("leaves nothing in the rows that are kept as the way back, nor in what a comparison has found; the way back still leads to the right rows", async () => {
    const tenant = "purged-4";
    await came(tenant, "ann", "v1");
    await came(tenant, "bob", "v2");
    for (const { name } of [visits, days]) await begin(tenant, name);
    await settle(tenant);
    await came(tenant, "ann", "v3");
    await env.VIEWS_0.prepare("UPDATE view_rows SET row = json_set(row, '$.isOver', 1) WHERE scope = ? AND view = 'visits'").bind(`${tenant}#1`).run();
    await begin(tenant, "visits", "compare");
    await settle(tenant);
    expect(await everythingKept(tenant)).toMatch(/ann.*samples.*ann/);
    await purge(tenant, "guest-ann");
    expect(await everythingKept(tenant)).not.toContain("ann");
    const [{ comparison } = {}] = await standings(env.VIEWS_0, tenant, [viewOf("visits")], Date.now());
    expect(comparison).toMatchObject({ differing: 3, samples: [] });
    for (const { name } of [visits, days]) await begin(tenant, name, "rollback");
    await settle(tenant);
    for (const projection of [visits, days]) expect(await rows(tenant, projection)).toEqual(rowsOf(projection, await wholeLog(tenant)));
  });

  test("takes the rows of a view that has faulted, or whose code has changed, all the same", async () => {
    const tenant = "purged-5";
    await came(tenant, "ann", "v1");
    await came(tenant, "bob", "v2");
    const own = testViews.findIndex(({ name }) => name === "visits");
    testViews[own] = {
      ...rowView(visits),
      fold: (scope, events, read) => (events.some(({ data }) => data.includes("v3")) ? expect.unreachable("a bug") : rowView(visits).fold(scope, events, read)),
    };
    await came(tenant, "bob", "v3");
    expect((await standings(env.VIEWS_0, tenant, [viewOf("visits")], Date.now()))[0]).toMatchObject({ state: "faulted" });
    await purge(tenant, "guest-ann");
    expect(await rows(tenant, visits)).toMatchObject([{ visit: "v2" }]);
    await came(tenant, "cid", "v4");
    testViews[own] = rowView({ ...visits, version: 2 });
    await purge(tenant, "guest-cid");
    await settle(tenant);
    testViews[own] = rowView(visits);
    expect(await everythingKept(tenant)).not.toMatch(/ann|cid/);
  });

  test("takes the rows that are read as they stood, frozen, while those of new code cannot be made", async () => {
    const tenant = "purged-frozen";
    await came(tenant, "ann", "v1");
    await came(tenant, "bob", "v2");
    const own = testViews.findIndex(({ name }) => name === "visits");
    const second = rowView({ ...visits, version: 2 });
    const isOfGuest = ({ type }: { readonly type: string }): boolean => type === "guests.Came";
    testViews[own] = { ...second, fold: (scope, events, read) => (events.some(isOfGuest) ? expect.unreachable("a bug") : second.fold(scope, events, read)) };
    await came(tenant, "bob", "v3");
    expect((await standings(env.VIEWS_0, tenant, [viewOf("visits")], Date.now()))[0]).toMatchObject({ isFrozen: true });
    expect(await rows(tenant, visits)).toMatchObject([{ visit: "v1", guest: "guest ann" }, { visit: "v2" }]);
    await purge(tenant, "guest-ann");
    testViews[own] = rowView(visits);
    expect(await rows(tenant, visits)).toMatchObject([{ visit: "v2" }]);
    expect(await everythingKept(tenant)).not.toContain("ann");
  });
});

test("what another stream says of a key that is one stream's alone is not heard", async () => {
  const tenant = "purged-6";
  await came(tenant, "ann", "v1");
  await append(tenant, "guest-bob", [draft("guests.Left", { visits: ["v1"] }), draft("guests.Came", { visit: "v1", day: "monday", spent: 1 })]);
  await collect();
  expect(await rows(tenant, visits)).toEqual([{ visit: "v1", guest: "guest ann", isOver: false }]);
});

test.each([
  ["one after the other", collect],
  ["in one step", () => Promise.resolve()],
])("with a row that is over go the parts of it, and who was in it then is not taken out of the row that begins anew: %s", async (way, each) => {
  const tenant = `purged-8-${way.length}`;
  const add = async (guest: string, type: string, data: object): Promise<void> => {
    await append(tenant, `guest-${guest}`, [draft(`guests.${type}`, data)]);
    await each();
  };
  const day = "monday";
  await add("ann", "Came", { visit: "v1", day, spent: 1 });
  await add("bob", "Came", { visit: "v2", day, spent: 2 });
  await add("cid", "Closed", { day });
  await add("bob", "Came", { visit: "v3", day, spent: 3 });
  await add("dan", "Came", { visit: "v4", day, spent: 4 });
  await collect();
  for (const guest of ["ann", "bob"]) await purge(tenant, `guest-${guest}`);
  expect(await rows(tenant, days)).toEqual([{ day, visits: 1, spent: 4 }]);
});

test("with a generation go its parts", async () => {
  const tenant = "purged-9";
  for (let n = 0; n < 30; n++) await came(tenant, `g${n}`, `v${n}`);
  for (let n = 0; n < 3; n++) {
    await begin(tenant, "days");
    await settle(tenant);
  }
  const { results } = await env.VIEWS_0.prepare("SELECT scope, count(*) AS parts FROM view_parts WHERE scope LIKE ? GROUP BY scope").bind(`${tenant}%`).all();
  expect(results).toEqual([
    { scope: `${tenant}#2`, parts: 30 },
    { scope: `${tenant}#3`, parts: 30 },
  ]);
});

test("a row of many streams costs one row more for each stream, and one of a single stream none", async () => {
  const tenant = "purged-7";
  const rowsWritten = async (name: string, events: readonly LoggedEvent[]): Promise<number> => {
    const view = viewOf(name);
    const read = view.reads?.(tenant, events);
    const known =
      read &&
      (
        await env.VIEWS_0.prepare(read.sql)
          .bind(...read.params)
          .all<Record<string, unknown>>()
      ).results;
    const results = await env.VIEWS_0.batch(view.fold(tenant, events, known ?? []).map(({ sql, params }) => env.VIEWS_0.prepare(sql).bind(...params)));
    return results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
  };
  for (const guest of ["a", "b", "c"]) await append(tenant, `guest-${guest}`, [draft("guests.Came", { visit: `of ${guest}`, day: "monday", spent: 1 })]);
  await collect();
  const log = await wholeLog(tenant);
  await env.VIEWS_0.prepare("DELETE FROM view_rows WHERE scope = ?").bind(tenant).run();
  await env.VIEWS_0.prepare("DELETE FROM view_parts WHERE scope = ?").bind(tenant).run();
  expect(await rowsWritten("days", log)).toBe(1 + 3);
  // Beside the rows themselves, what `search` costs: one for the key, and those of the index.
  const { name } = visits;
  testViews[testViews.indexOf(viewOf(name))] = rowView({ ...visits, search: [], index: [] });
  expect(await rowsWritten("visits", log)).toBe(3);
  testViews[testViews.indexOf(viewOf(name))] = rowView(visits);
});

describe("rebuilt = live", () => {
  test.each(Array.from({ length: 8 }, (_, index) => index + 1))("after any history with purges and rebuilds in it: seed %i", async (seed) => {
    const random = chance(seed);
    const tenant = `purges-${seed}`;
    const guests = Array.from({ length: 5 }, (_, index) => `g${index}`);
    const purged = new Set<string>();
    const write = async (): Promise<void> => {
      const guest = random.pick(guests.filter((name) => !purged.has(name)));
      const types = Array.from({ length: random.upTo(4) }, () => random.pick(["Came", "Came", "Left"] as const));
      const drafts = types.map((type) => {
        const visit = `${guest}.${random.upTo(3)}`;
        return draft(`guests.${type}`, type === "Came" ? { visit, day: `d${random.upTo(2)}`, spent: random.upTo(9) } : { visits: [visit] });
      });
      await append(tenant, `guest-${guest}`, drafts);
      if (!random.once(3)) await collect();
    };
    const remove = async (): Promise<void> => {
      const left = guests.filter((name) => !purged.has(name));
      if (left.length < 2) return;
      const guest = random.pick(left);
      purged.add(guest);
      await purge(tenant, `guest-${guest}`);
    };
    for (let step = 0; step < 25; step++) {
      const build = async (): Promise<void> => {
        if (random.once(3))
          await begin(tenant, random.pick(["visits", "days"]), random.pick(["rebuild", "compare", "rollback"] as const)).catch(() => undefined);
        if (random.once(2)) await fireDispatcher(tenant);
        // The data goes some time after its purge is in the log.
        if (random.once(3)) await fireAlarm(tenant, `guest-${random.pick(guests)}`);
      };
      await Promise.all([random.once(5) ? remove() : write(), build()]);
    }
    const streams = guests.map((guest) => `guest-${guest}`);
    await dispatcher(tenant).wake();
    await settle(tenant, streams);
    const log = await wholeLog(tenant);
    const live = await Promise.all(declared.map((projection) => rows(tenant, projection)));
    expect(live).toEqual(declared.map((projection) => rowsOf(projection, log)));
    expect(await wrongIndex(tenant)).toEqual([]);
    for (const guest of purged) expect(await everythingKept(tenant)).not.toContain(`guest ${guest}`);
    for (const { name } of [visits, days]) await begin(tenant, name);
    await settle(tenant, streams);
    expect(await Promise.all(declared.map((projection) => rows(tenant, projection)))).toEqual(live);
    expect((await readGenerations(env.VIEWS_0, tenant)).filter(({ state }) => state === "building")).toEqual([]);
  });
});
