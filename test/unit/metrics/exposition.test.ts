import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { DEFINITIONS, type MetricName } from "../../../src/metrics/definitions.ts";
import { expositionOf } from "../../../src/metrics/exposition.ts";
import { histogramOf, labelsKey, type Series, type Value } from "../../../src/metrics/series.ts";

/** Every metric there is, with label values that nobody wishes for. */
const ALL: Series = Object.fromEntries(
  (Object.keys(DEFINITIONS) as MetricName[]).map((name) => {
    const definition = DEFINITIONS[name];
    const value: Value = definition.kind === "histogram" ? histogramOf(0.3) : 7.5;
    const hostile = Object.fromEntries(definition.labels.map((label) => [label, 'a"b\\c\nd} 1\n# HELP é']));
    const plain = Object.fromEntries(definition.labels.map((label) => [label, "plain"]));
    return [name, { [labelsKey(definition, hostile)]: value, [labelsKey(definition, plain)]: value }];
  }),
);

/** Where it is not installed (Debian's package prometheus), only a machine that tests a change may not do without it. */
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

test.skipIf(!hasPromtool && process.env["CI"] === undefined)("promtool finds nothing to say of any metric, however its labels read", () => {
  const text = expositionOf(ALL);
  expect(text.match(/^# TYPE /gm)).toHaveLength(Object.keys(DEFINITIONS).length);
  const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect(`${checked.stdout}${checked.stderr}`).toBe("");
  expect(checked.status).toBe(0);
});

test("labels are escaped, buckets count those below them too, and a metric without series is left out", () => {
  const text = expositionOf({
    rivulet_deliveries_total: { '["s\\"1\\\\\\n","failed"]': 2 },
    rivulet_log_delay_seconds: { "[]": { buckets: [0, 1, 2], sum: 0.5, count: 4 } },
  });
  expect(text).toContain('rivulet_deliveries_total{follower="s\\"1\\\\\\n",outcome="failed"} 2\n');
  expect(text).toContain(
    'rivulet_log_delay_seconds_bucket{le="0.005"} 0\nrivulet_log_delay_seconds_bucket{le="0.01"} 1\nrivulet_log_delay_seconds_bucket{le="0.025"} 3\n',
  );
  expect(text).toContain('rivulet_log_delay_seconds_bucket{le="+Inf"} 4\nrivulet_log_delay_seconds_sum 0.5\nrivulet_log_delay_seconds_count 4\n');
  expect(text).not.toContain("rivulet_sagas");
});
