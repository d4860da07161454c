import { expect, test } from "vitest";
import { progress } from "../../../durable-objects/alerts/progress.ts";
import { DEFINITIONS, type MetricName } from "../../../src/metrics/definitions.ts";
import { holdingOf } from "../../../src/metrics/evaluate.ts";
import { type AlertRule, BUILT_IN } from "../../../src/metrics/rule.ts";
import { labelsKey } from "../../../src/metrics/series.ts";

type Labels = Readonly<Record<string, string>>;
type Figures = readonly (readonly [labels: Labels, before: number, now: number])[];

/** By rule: figures for which all is well, and figures for which it is not, each a minute ago and now. */
const STORIES: Readonly<Record<string, readonly [well: Figures, ill: Figures]>> = {
  "view-lag": [[[{ view: "notes" }, 1_000, 1_000]], [[{ view: "notes" }, 1_001, 1_001]]],
  "follower-lag": [[[{ follower: "s1", partition: "0" }, 0, 1_000]], [[{ follower: "s1", partition: "0" }, 0, 1_001]]],
  "log-lag": [[[{}, 0, 60]], [[{}, 0, 61]]],
  "dead-letters": [[[{ follower: "s1" }, 1, 0]], [[{ follower: "s1" }, 0, 1]]],
  "error-rate": [
    [
      [{ operation: "getStream", status: "200" }, 0, 95],
      [{ operation: "getStream", status: "503" }, 0, 5],
      [{ operation: "getStream", status: "404" }, 0, 900],
    ],
    [
      [{ operation: "getStream", status: "200" }, 1_000, 1_094],
      [{ operation: "getStream", status: "503" }, 0, 6],
    ],
  ],
  "delivery-errors": [
    [
      [{ follower: "s1", outcome: "delivered" }, 0, 5],
      [{ follower: "s1", outcome: "failed" }, 0, 5],
    ],
    [
      [{ follower: "s1", outcome: "delivered" }, 100, 105],
      [{ follower: "s1", outcome: "failed" }, 0, 6],
    ],
  ],
  "faulted-view": [[[{ view: "notes" }, 0, 0]], [[{ view: "notes" }, 0, 1]]],
  "stuck-saga": [[[{ saga: "shop", state: "running" }, 0, 9]], [[{ saga: "shop", state: "stuck" }, 0, 1]]],
  gap: [[[{}, 0, 0]], [[{}, 0, 1]]],
  fork: [[[{}, 0, 0]], [[{}, 0, 1]]],
};

const NOW = 1_800_000_000_000;

test("there is a story of each built-in rule", () => {
  expect(Object.keys(STORIES)).toEqual(Object.keys(BUILT_IN));
});

test.each(Object.entries(BUILT_IN))("the built-in rule %s is pending, fires after its time, and is over when all is well again", (name, rule) => {
  const [well, ill] = STORIES[name] ?? expect.unreachable();
  const all = { rules: { [name]: rule }, firing: {}, silences: [] };
  expect(holds(rule, well)).toEqual([]);
  const holding = holds(rule, ill);
  expect(holding).toHaveLength(1);
  const first = progress(name, rule, holding, { pending: [], alerting: all, now: NOW });
  expect([first.fires.length, first.pending.length]).toEqual(rule.forSeconds === 0 ? [1, 0] : [0, 1]);
  const later = progress(name, rule, holding, { pending: [...first.pending, ...first.fires], alerting: all, now: NOW + rule.forSeconds * 1_000 });
  expect(later.fires).toHaveLength(1);
  const [fired] = later.fires;
  const over = progress(name, rule, holds(rule, well), { pending: [], alerting: { ...all, firing: { [fired?.id ?? ""]: fired as never } }, now: NOW });
  expect(over.over).toEqual([fired?.id]);
});

function holds(rule: AlertRule, figures: Figures) {
  const definition = DEFINITIONS[rule.metric as MetricName];
  const series = (at: 1 | 2) => ({ [rule.metric]: Object.fromEntries(figures.map((one) => [labelsKey(definition, one[0]), one[at]])) });
  return holdingOf(rule, [
    { at: NOW - 60_000, series: series(1) },
    { at: NOW, series: series(2) },
  ]);
}
