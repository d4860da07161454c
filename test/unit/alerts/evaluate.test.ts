import { describe, expect, test } from "vitest";
import { holdingOf, type Sample } from "../../../src/metrics/evaluate.ts";
import { type AlertRule, BUILT_IN, type Condition } from "../../../src/metrics/rule.ts";
import { histogramOf, type Series } from "../../../src/metrics/series.ts";
import { definitionOf } from "../../../src/metrics/definitions.ts";

const rule = (metric: string, condition: Partial<Condition>): AlertRule => ({
  metric,
  condition: { function: "value", operator: ">", threshold: 0, overSeconds: 60, where: {}, ...condition },
  forSeconds: 0,
  severity: "warning",
  labels: {},
  summary: "",
});

/** Samples every 15 s, the last of them now. */
const samples = (...all: readonly Series[]): readonly Sample[] => all.map((series, index) => ({ at: 1_000_000 + index * 15_000, series }));
const letters = (...counts: readonly number[]): readonly Sample[] => samples(...counts.map((count) => ({ rivulet_dead_letters_total: { '["s1"]': count } })));
const values = (found: AlertRule, all: readonly Sample[]): readonly number[] => holdingOf(found, all).map(({ value }) => value);

test("what was there before a metric was looked at has not grown", () => {
  expect(values(rule("rivulet_dead_letters_total", { function: "increase" }), samples({}, { rivulet_dead_letters_total: { '["s1"]': 3 } }))).toEqual([]);
});

describe("a condition looks at", () => {
  test("what a series says now, each series by itself", () => {
    const all = samples({ rivulet_dead_letters: { '["s1"]': 2, '["s2"]': 0, '["s3"]': 5 } });
    expect(holdingOf(rule("rivulet_dead_letters", {}), all)).toEqual([
      { labels: { follower: "s1" }, value: 2 },
      { labels: { follower: "s3" }, value: 5 },
    ]);
    expect(holdingOf(rule("rivulet_dead_letters", { where: { follower: "s3" } }), all)).toEqual([{ labels: { follower: "s3" }, value: 5 }]);
  });

  test("how much it grew within the window, not what it had before", () => {
    expect(values(rule("rivulet_dead_letters_total", { function: "increase" }), letters(7, 7, 9))).toEqual([2]);
    expect(values(rule("rivulet_dead_letters_total", { function: "increase" }), letters(7))).toEqual([]);
    expect(values(rule("rivulet_dead_letters_total", { function: "increase" }), letters(0, 5, 5, 5, 5, 5))).toEqual([]);
    expect(values(rule("rivulet_dead_letters_total", { function: "rate" }), letters(0, 0, 0, 0, 30))).toEqual([0.5]);
  });

  test("all of a series that is new, and of one that began anew", () => {
    expect(
      values(
        rule("rivulet_dead_letters_total", { function: "increase" }),
        samples({ rivulet_dead_letters_total: {} }, { rivulet_dead_letters_total: { '["s1"]': 3 } }),
      ),
    ).toEqual([3]);
    expect(values(rule("rivulet_dead_letters_total", { function: "increase" }), letters(100, 4))).toEqual([4]);
  });

  test("the share of what `where` names, by the other labels", () => {
    const counts = (failed: number, delivered: number): Series => ({
      rivulet_deliveries_total: { '["s1","failed"]': failed, '["s1","delivered"]': delivered, '["s2","delivered"]': 50 },
    });
    const shareOf = rule("rivulet_deliveries_total", { function: "share", threshold: 0.5, where: { outcome: "failed" } });
    expect(holdingOf(shareOf, samples(counts(100, 0), counts(103, 1)))).toEqual([{ labels: { follower: "s1" }, value: 0.75 }]);
    expect(holdingOf(shareOf, samples(counts(100, 0), counts(101, 3)))).toEqual([]);
  });

  test("a quantile of what came within the window", () => {
    const slow = histogramOf(8);
    const all = samples(
      { rivulet_log_delay_seconds: { "[]": histogramOf(0.001) } },
      { rivulet_log_delay_seconds: { "[]": { ...slow, buckets: slow.buckets.map((count, index) => count + (index === 0 ? 1 : 0)), count: 2 } } },
    );
    expect(values(rule("rivulet_log_delay_seconds", { function: "p95", threshold: 5 }), all)[0]).toBeGreaterThan(5);
  });

  test.each([
    [">", 1, []],
    [">=", 1, [1]],
    ["<", 2, [1]],
    ["<=", 1, [1]],
    ["<", 1, []],
  ] as const)("what is %s %d", (operator, threshold, expected) => {
    expect(values(rule("rivulet_log_position", { operator, threshold }), samples({ rivulet_log_position: { "[]": 1 } }))).toEqual(expected);
  });
});

test("nothing holds of a metric that there is not, or before there is a sample", () => {
  expect(holdingOf(rule("no_such_metric", {}), samples({ no_such_metric: { "[]": 1 } }))).toEqual([]);
  expect(holdingOf(rule("rivulet_dead_letters", {}), [])).toEqual([]);
});

test("built-in rules speak of metrics and labels that there are, and of lag, dead letters, errors, faults, sagas, gaps and forks", () => {
  for (const [name, { metric, condition }] of Object.entries(BUILT_IN)) {
    const definition = definitionOf(metric);
    expect(definition, name).toBeDefined();
    for (const label of Object.keys(condition.where)) expect(definition?.labels, name).toContain(label);
  }
  expect(Object.keys(BUILT_IN)).toEqual([
    "view-lag",
    "follower-lag",
    "log-lag",
    "dead-letters",
    "error-rate",
    "delivery-errors",
    "faulted-view",
    "stuck-saga",
    "gap",
    "fork",
  ]);
});
