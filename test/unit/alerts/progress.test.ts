import { describe, expect, test } from "vitest";
import type { Alert, Alerting } from "../../../durable-objects/alerts/contract.ts";
import { alertId, progress, silencedUntil } from "../../../durable-objects/alerts/progress.ts";
import { type AlertRule, BUILT_IN } from "../../../src/metrics/rule.ts";

const NOW = Date.parse("2026-11-20T10:00:00.000Z");
const labels = { follower: "s1" };
const ID = alertId("letters", labels);
const waiting = (ago: number): Alert => ({ id: ID, rule: "letters", labels, value: 1, since: new Date(NOW - ago).toISOString() });
const rule: AlertRule = { ...(BUILT_IN["dead-letters"] as AlertRule), forSeconds: 60, labels: { team: "shop" } };
const nothing: Alerting = { rules: { letters: rule }, firing: {}, silences: [] };
const holding = [{ labels, value: 3 }];

describe("an alert", () => {
  test("is pending until it has held for its time, and fires then", () => {
    const first = progress("letters", rule, holding, { pending: [], alerting: nothing, now: NOW });
    expect(first).toMatchObject({ pending: [{ id: ID, value: 3, since: "2026-11-20T10:00:00.000Z" }], fires: [], over: [] });
    expect(progress("letters", rule, holding, { pending: [waiting(59_999)], alerting: nothing, now: NOW })).toMatchObject({ pending: [{ id: ID }], fires: [] });
    expect(progress("letters", rule, holding, { pending: [waiting(60_000)], alerting: nothing, now: NOW })).toMatchObject({ pending: [], fires: [{ id: ID }] });
  });

  test("fires at once without a time", () => {
    const found = progress("letters", { ...rule, forSeconds: 0 }, holding, { pending: [], alerting: nothing, now: NOW });
    expect(found.fires).toHaveLength(1);
  });

  test("begins anew where it did not hold in between", () => {
    expect(progress("letters", rule, [], { pending: [waiting(59_999)], alerting: nothing, now: NOW })).toEqual({ pending: [], fires: [], over: [] });
  });

  test("is told once while it fires, and is over when it holds no more", () => {
    const alerting = { ...nothing, firing: { [ID]: waiting(0) } };
    expect(progress("letters", rule, holding, { pending: [], alerting, now: NOW })).toEqual({ pending: [], fires: [], over: [] });
    expect(progress("letters", rule, [], { pending: [], alerting, now: NOW })).toEqual({ pending: [], fires: [], over: [ID] });
    expect(progress("others", rule, [], { pending: [], alerting, now: NOW }).over).toEqual([]);
  });

  test("that is silenced waits, and fires when the silence ends", () => {
    const silences = [{ alert: ID, until: new Date(NOW + 1).toISOString() }];
    const before = { pending: [waiting(60_000)], alerting: { ...nothing, silences } };
    expect(progress("letters", rule, holding, { ...before, now: NOW })).toMatchObject({ pending: [{ id: ID }], fires: [] });
    expect(progress("letters", rule, holding, { ...before, now: NOW + 1 })).toMatchObject({ pending: [], fires: [{ id: ID }] });
  });
});

test("labels silence all alerts that have them: those of the series, of the rule, and the rule and severity themselves", () => {
  const until = new Date(NOW + 1_000).toISOString();
  const of = (wanted: Record<string, string>): string | undefined => silencedUntil(waiting(0), rule, [{ labels: wanted, until }], NOW);
  for (const wanted of [{ follower: "s1" }, { team: "shop" }, { rule: "letters" }, { severity: "critical" }, { follower: "s*" }])
    expect(of(wanted)).toBe(until);
  for (const wanted of [{ follower: "s2" }, { team: "shop", follower: "s2" }, { other: "s1" }]) expect(of(wanted as Record<string, string>)).toBeUndefined();
});

test("an alert has one id, in whatever order its labels come, and none of another rule's or series'", () => {
  expect(alertId("r", { a: "1", b: "2" })).toBe(alertId("r", { b: "2", a: "1" }));
  expect(new Set([alertId("r", { a: "1" }), alertId("r", { a: "2" }), alertId("s", { a: "1" }), alertId("r", {})]).size).toBe(4);
});
