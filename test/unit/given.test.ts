import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineDecider, defineEvents, defineProjection, reject, PURGED } from "../../src/kernel/index.ts";
import { given, givenLog, happened, logged, rowsOf } from "../../src/testing/index.ts";

const events = defineEvents("counter", { Added: z.object({ n: z.int().max(10) }), Reset: z.object({ at: z.string() }) });
const otherEvents = defineEvents("other", { Added: z.object({ n: z.int() }) });

interface Counter {
  readonly total: number;
  readonly ids: readonly string[];
}

const counter = defineDecider({
  category: "counter",
  events,
  commands: {
    Add: z.object({ n: z.coerce.number() }),
    AddAlways: z.object({ n: z.int() }),
    Reset: z.object({}),
    Tell: z.object({}),
    Stray: z.object({}),
  },
  initialState: (): Counter => ({ total: 0, ids: [] }),
  evolve: { Added: (state, { data }) => ({ ...state, total: state.total + data.n }), Reset: (state) => ({ ...state, total: 0 }) },
  prepare: { Tell: async () => ({ word: "" }) },
  decide: {
    Add: ({ data }, { total }) => (total === 0 ? events.Added(data) : total === data.n ? [] : reject("counted")),
    AddAlways: ({ data }) => events.Added(data),
    Reset: (_, { total }, { now }) => (total === 0 ? [] : events.Reset({ at: now })),
    Tell: ({ found }, _, { id }) => reject(`${found.word}_${id}`),
    Stray: () => otherEvents.Added({ n: 1 }),
  },
});

const added = (n: number) => events.Added({ n });
const failing = (expectation: () => unknown): string => {
  try {
    expectation();
  } catch (fault) {
    if (fault instanceof AssertionError) return fault.message;
    throw fault;
  }
  return "it held";
};

describe("then", () => {
  test("holds for exactly the events that were decided", () => {
    given(counter).when("Add", { n: 2 }).then(added(2));
    given(counter, added(2)).when("Add", { n: 2 }).then();
  });

  test.each<[string, () => unknown]>([
    ["another event", () => given(counter).when("Add", { n: 2 }).then(added(3))],
    ["no event", () => given(counter).when("Add", { n: 2 }).then()],
    ["an event too many", () => given(counter).when("Add", { n: 2 }).then(added(2), added(2))],
    ["an event where none was decided", () => given(counter, added(2)).when("Add", { n: 2 }).then(added(2))],
  ])("fails for %s", (_, expectation) => {
    expect(failing(expectation)).toMatch(/strictly|deep-equal|deepEqual/i);
  });

  test("fails for a no, and names it", () => {
    expect(failing(() => given(counter, added(2)).when("Add", { n: 3 }).then(added(3)))).toBe("expected events, got the rejection counted: Counted.");
    expect(failing(() => given(counter, added(2)).when("Add", { n: 3 }).then())).toBe("expected events, got the rejection counted: Counted.");
  });

  test("fails for an event whose own schema refuses it, though it is the expected one", () => {
    expect(failing(() => given(counter).when("Add", { n: 11 }).then(added(11)))).toMatch(/^expected the data of counter\.Added to be what its schema says: /);
  });

  test("fails for an event that the decider does not have", () => {
    const stray = otherEvents.Added({ n: 1 }) as never;
    expect(failing(() => given(counter).when("Stray", {}).then(stray))).toBe("expected an event of the decider, got other.Added");
  });
});

describe("thenRejected", () => {
  test("holds for the code of the no", () => {
    given(counter, added(2)).when("Add", { n: 3 }).thenRejected("counted");
  });

  test("fails for another code, and for events", () => {
    expect(failing(() => given(counter, added(2)).when("Add", { n: 3 }).thenRejected("other"))).toMatch(/counted[\s\S]*other/);
    expect(failing(() => given(counter).when("Add", { n: 2 }).thenRejected("counted"))).toBe(
      'expected the rejection counted, got [{"type":"counter.Added","data":{"n":2}}]',
    );
    expect(failing(() => given(counter).when("Reset", {}).thenRejected("counted"))).toBe("expected the rejection counted, got []");
  });
});

describe("thenState", () => {
  test("holds for the state after history and decision", () => {
    given(counter).when("Add", { n: 2 }).thenState({ total: 2, ids: [] });
    given(counter, added(2), added(3)).when("AddAlways", { n: 1 }).thenState({ total: 6, ids: [] });
  });

  test("fails for another state, and for a no", () => {
    expect(failing(() => given(counter).when("Add", { n: 2 }).thenState({ total: 0, ids: [] }))).not.toBe("it held");
    expect(failing(() => given(counter, added(2)).when("Add", { n: 3 }).thenState({ total: 2, ids: [] }))).toMatch(/^expected events, got the rejection/);
  });
});

describe("thenOnce", () => {
  test("holds for a command that decides nothing the second time", () => {
    given(counter).when("Add", { n: 2 }).thenOnce();
    given(counter, added(2))
      .when("Reset", {})
      .then(events.Reset({ at: "2026-01-01T00:00:00.000Z" }))
      .thenOnce();
  });

  test("fails for a command that decides something again", () => {
    expect(failing(() => given(counter).when("AddAlways", { n: 2 }).thenOnce())).toMatch(/^expected the same command to decide nothing the second time/);
  });

  test("fails where nothing was decided the first time, so that it cannot pass in vain", () => {
    expect(failing(() => given(counter).when("Reset", {}).thenOnce())).toBe("expected the command to decide something the first time");
  });

  test("fails for a no, the first time and the second", () => {
    expect(failing(() => given(counter, added(2)).when("Add", { n: 3 }).thenOnce())).toMatch(/^expected events, got the rejection counted/);
    expect(failing(() => given(counter, added(-1)).when("Add", { n: 3 }).thenOnce())).toMatch(/^expected events, got the rejection counted/);
    expect(failing(() => given(refusesTwice).when("Open", {}).thenOnce())).toMatch(/^expected the same command to decide nothing the second time/);
  });
});

const openEvents = defineEvents("door", { Opened: z.object({}) });
const refusesTwice = defineDecider({
  category: "door",
  events: openEvents,
  commands: { Open: z.object({}) },
  initialState: (): { readonly isOpen: boolean } => ({ isOpen: false }),
  evolve: { Opened: () => ({ isOpen: true }) },
  decide: { Open: (_, { isOpen }) => (isOpen ? reject("open_already") : openEvents.Opened({})) },
});

describe("given", () => {
  test("is at the beginning of 2026, of the id 1, unless it is told otherwise", () => {
    given(counter, added(1))
      .when("Reset", {})
      .then(events.Reset({ at: "2026-01-01T00:00:00.000Z" }));
    given(counter, added(1))
      .at("2030-01-01T00:00:00.000Z")
      .when("Reset", {})
      .then(events.Reset({ at: "2030-01-01T00:00:00.000Z" }));
    given(counter).when("Tell", {}, { word: "id" }).thenRejected("id_1");
    given(counter).of("c9").at("2030-01-01T00:00:00.000Z").when("Tell", {}, { word: "id" }).thenRejected("id_c9");
  });

  test("decides data as the command's schema gives it, and refuses what it refuses", () => {
    given(counter).when("Add", { n: "4" }).then(added(4));
    expect(() => given(counter).when("AddAlways", { n: 1.5 })).toThrow(z.ZodError);
  });
});

const totals = defineProjection({
  name: "totals",
  version: 1,
  events: [events],
  key: "counterId",
  row: z.object({ counterId: z.string(), total: z.int().max(10) }),
  on: { "counter.Added": (row, { data }) => ({ total: (row?.total ?? 0) + data.n }), "counter.Reset": () => undefined },
});
const log = [happened("counter-b", added(1)), happened("counter-a", added(2)), happened("counter-b", added(3))];

describe("givenLog", () => {
  test("folds the rows of each key, and gives them by key", () => {
    givenLog(totals, ...log).thenRows({ counterId: "a", total: 2 }, { counterId: "b", total: 4 });
    givenLog(totals, ...log, happened("counter-b", events.Reset({ at: "" }))).thenRows({ counterId: "a", total: 2 });
    givenLog(totals).thenRows();
  });

  test.each<[string, () => unknown]>([
    ["a row is missing", () => givenLog(totals, ...log).thenRows({ counterId: "a", total: 2 })],
    ["a row is too many", () => givenLog(totals).thenRows({ counterId: "a", total: 2 })],
    ["a row is another", () => givenLog(totals, ...log).thenRows({ counterId: "a", total: 2 }, { counterId: "b", total: 5 })],
    ["the rows stand in another order", () => givenLog(totals, ...log).thenRows({ counterId: "b", total: 4 }, { counterId: "a", total: 2 })],
  ])("fails where %s", (_, expectation) => {
    expect(failing(expectation)).not.toBe("it held");
  });

  test("fails for a row that its own schema refuses, though it is the expected one", () => {
    expect(() => givenLog(totals, happened("counter-a", added(11))).thenRows({ counterId: "a", total: 11 })).toThrow(z.ZodError);
  });

  test("fails where a purge would leave other rows than a rebuild gives, and says both", () => {
    const together = {
      name: "together",
      version: 1,
      events: [events],
      key: "all",
      row: z.object({ all: z.string(), total: z.int() }),
      keyOf: { "counter.Added": () => "all" },
      on: {
        "counter.Added": (row?: { readonly total: number }, event?: { readonly data: { readonly n: number } }) => ({
          total: (row?.total ?? 0) + (event?.data.n ?? 0),
        }),
      },
    } as const;
    const right = defineProjection({ ...together, without: ({ total }, part) => (total > part.total ? { total: total - part.total } : undefined) });
    givenLog(right, ...log).thenRows({ all: "all", total: 6 });
    for (const without of ["nothing", (row: { readonly total: number }) => row] as const) {
      const wrong = defineProjection({ ...together, without });
      const [total] = givenLog(wrong, ...log).rows.map(({ total }) => Number(total));
      expect(() => givenLog(wrong, ...log).thenRows({ all: "all", total: total ?? 0 })).toThrow(
        /expected "without" of together to take away all that counter-[ab] has made: it leaves .*, a rebuild gives /,
      );
    }
  });

  test("folds rows that are made of no data as they were, with what was purged and without it", () => {
    const count = defineProjection({
      name: "count",
      version: 1,
      events: [events],
      key: "counterId",
      row: z.object({ counterId: z.string(), events: z.int(), data: z.string() }),
      keyOf: { "counter.Added": ({ id }) => id },
      without: "everything",
      on: { "counter.Added": (row, { data }) => ({ events: (row?.events ?? 0) + 1, data: String(data) }) },
    });
    givenLog(count, ...log).thenRows({ counterId: "a", events: 1, data: "undefined" }, { counterId: "b", events: 2, data: "undefined" });
    const purged = logged(log).map((event) => ({ ...event, data: PURGED }));
    expect(rowsOf(count, purged)).toEqual(givenLog(count, ...log).rows);
  });

  test("passes over events that the view is not about", () => {
    givenLog(totals, happened("counter-a", added(2)), happened("counter-a", otherEvents.Added({ n: 5 }))).thenRows({ counterId: "a", total: 2 });
  });
});

test("facts come into a log with positions, and with versions by stream", () => {
  expect(logged(log).map(({ id, stream, version, position }) => [id, stream, version, position])).toEqual([
    ["e1", "counter-b", 1, 1],
    ["e2", "counter-a", 1, 2],
    ["e3", "counter-b", 2, 3],
  ]);
  expect(rowsOf(totals, logged(log))).toEqual(givenLog(totals, ...log).rows);
});

test("a fact was recorded at the beginning of 2026 unless it says when, and keeps its schema version and source", () => {
  const [plain, told] = logged([
    happened("counter-a", added(1)),
    happened("counter-a", { ...added(1), schemaVersion: 2, source: "/till" }, "2030-01-01T00:00:00.000Z"),
  ]);
  expect(plain).toMatchObject({ recorded: "2026-01-01T00:00:00.000Z", time: "2026-01-01T00:00:00.000Z", schemaVersion: 1, source: "/test" });
  expect(told).toMatchObject({ recorded: "2030-01-01T00:00:00.000Z", schemaVersion: 2, source: "/till" });
});
