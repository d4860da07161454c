import { expect, test } from "vitest";
import type { Cost } from "../../bench/cost/profiles.ts";
import { chosen, COST, FIGURES } from "../../bench/figures.ts";
import { ratioOf, type Result } from "../../bench/measure.ts";
import { aimOf, costMark, figureMark, figureTable, refusalLines, type Report } from "../../bench/report.ts";

const YARDSTICK = { perSecond: 1_000, p50: 2, driverMicros: 30, processorMicros: 100 };
const LATENCY = { p50: 25, p95: 30, p99: 40, p999: 50 };

const figure = (more: Partial<Result> = {}): Result => ({
  name: "hot-64",
  title: "a title",
  unit: "appends",
  perSecond: 800,
  latency: LATENCY,
  samples: 100,
  processorMicros: 250,
  refused: {},
  ratios: { hello: 0.1, insert: 0.8 },
  against: "insert",
  aim: null,
  yardsticks: { hello: YARDSTICK, insert: YARDSTICK },
  ...more,
});

const report = (figures: readonly Result[], costs: readonly Cost[] = []): Report => ({ figures, costs }) as unknown as Report;

test("a figure with a rate stands to a yardstick as their rates do, one without as their medians the other way round", () => {
  expect(ratioOf({ perSecond: 800, latencies: [1, 2, 3] }, YARDSTICK)).toBe(0.8);
  expect(ratioOf({ latencies: [3, 4, 5] }, YARDSTICK)).toBe(0.5);
  expect(ratioOf({ latencies: [] }, YARDSTICK)).toBeNaN();
});

test("the mark goes by the ratio and not by the rate: another machine is no regression", () => {
  expect(figureMark(figure({ perSecond: 10 }), report([figure()]))).toBe("=");
  expect(figureMark(figure({ ratios: { hello: 0.1, insert: 0.6 } }), report([figure()]))).toBe("-");
  expect(figureMark(figure({ ratios: { hello: 0.02, insert: 0.8 } }), report([figure()]))).toBe("=");
  expect(figureMark(figure(), report([figure({ name: "other" })]))).toBe("?");
  expect(figureMark(figure(), undefined)).toBe("?");
});

test("a cost that has risen is worse, one that has sunk better", () => {
  const cost = (dollarsPerMillion: number) => ({ name: "lone", dollarsPerMillion }) as Cost;
  expect([10, 11, 9].map((dollars) => costMark(cost(dollars), report([], [cost(10)])))).toEqual(["=", "-", "+"]);
  expect(costMark(cost(1), report([]))).toBe("?");
});

test("an aim says whether it was reached, each part by itself", () => {
  expect(aimOf(figure())).toBeUndefined();
  expect(aimOf(figure({ aim: { ratio: 0.8 } }))).toBe("0.8× insert yes");
  expect(aimOf(figure({ aim: { ratio: 0.81, perSecond: 800 } }))).toBe("0.81× insert no, 800/s yes");
  expect(aimOf(figure({ aim: { p50: 24 } }))).toBe("p50 24 ms no");
});

test("the table has a line for each figure, with its mark, its ratios and what it takes of the processor", () => {
  const [head, line, ...rest] = figureTable([figure({ aim: { ratio: 0.8 } })], report([figure()])).split("\n");
  expect(head).toContain("p99.9");
  expect(line).toMatch(/^= +hot-64 +800 appends +25\.0 +30\.0 +40\.0 +50\.0 +0\.10 +0\.80 +250 = 2\.5 inserts +0\.8× insert yes$/);
  expect(rest).toEqual([]);
});

test("refusals are told, and only where there were any", () => {
  expect(refusalLines([figure(), figure({ refused: { 429: 3 } })])).toEqual(["hot-64 was refused: 429 3 times"]);
});

test("figures are chosen by name, all where none is named, and an unknown name is refused", () => {
  expect(chosen([])).toEqual({ figures: FIGURES, withCost: true });
  expect(chosen(["hot-1"]).figures.map(({ name }) => name)).toEqual(["hot-1"]);
  expect(chosen(["hot-1"]).withCost).toBe(false);
  expect(chosen([COST])).toEqual({ figures: [], withCost: true });
  expect(() => chosen(["hot-2"])).toThrow(/expected --only to be one of hot-1, .*cost, got "hot-2"/);
});

test("each kind of filter has a figure, and looks at the event to its end: it matches", async () => {
  const filters = FIGURES.filter(({ name }) => name.startsWith("filter-"));
  expect(filters.map(({ name }) => name)).toEqual(["filter-topic", "filter-pattern", "filter-cel"]);
  for (const { measure } of filters) expect((await measure(undefined as never, 0.01)).perSecond).toBeGreaterThan(0);
});

test("names of figures are unique: the last run is looked up by them", () => {
  expect(new Set(FIGURES.map(({ name }) => name)).size).toBe(FIGURES.length);
});
