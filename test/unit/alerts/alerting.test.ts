import { expect, test } from "vitest";
import { alerting, MAX_RULES } from "../../../src/alerts/alerting.ts";
import { BUILT_IN } from "../../../src/metrics/rule.ts";
import type { NewFact } from "../../../src/kernel/index.ts";

const context = { now: "2026-11-20T10:00:00.000Z", id: "rules" };
const one = { id: "a1", labels: { follower: "s1" }, value: 2, since: "2026-11-20T10:00:00.000Z" };
const rule = { name: "dead-letters", ...BUILT_IN["dead-letters"] };

type Told = readonly [name: string, data: unknown];

function decide(state: unknown, name: string, data: unknown): readonly NewFact[] {
  const decided = alerting.decide({ name, data }, state, context);
  if ("rejected" in decided) throw new Error(decided.code);
  return decided;
}

const after = (...commands: readonly Told[]): unknown =>
  commands.reduce((state, [name, data]) => decide(state, name, data).reduce((next, event) => alerting.evolve(next, event), state), alerting.initialState());

const RULE: Told = ["SetRule", rule];
const FIRE: Told = ["Fire", { rule: "dead-letters", alerts: [one] }];
const typesOf = (events: readonly NewFact[]): readonly string[] => events.map(({ type }) => type);

test.each<[string, readonly Told[], Told]>([
  ["a rule that is set", [], RULE],
  ["an alert that fires", [RULE], FIRE],
  ["an alert that is over", [RULE, FIRE], ["Resolve", { rule: "dead-letters", ids: ["a1"] }]],
  ["a silence", [], ["Silence", { id: "s", alert: "a1", until: "2026-11-20T11:00:00.000Z" }]],
  ["a rule that is removed", [RULE], ["RemoveRule", { name: "dead-letters" }]],
])("%s is one event, and the second time none", (_, before, command) => {
  const state = after(...before);
  expect(decide(state, ...command)).toHaveLength(1);
  expect(decide(after(...before, command), ...command)).toEqual([]);
});

test("what fires says what a receiver wants to know: rule, severity, labels, and each series that it is about", () => {
  const [fired] = decide(after(RULE), "Fire", { rule: "dead-letters", alerts: [one, { ...one, id: "a2" }] });
  expect(fired).toMatchObject({
    type: "rivulet.AlertFired",
    data: { rule: "dead-letters", severity: "critical", labels: {}, summary: expect.stringMatching(/dead letters/), alerts: [one, { ...one, id: "a2" }] },
  });
});

test("with a rule goes what it has firing, and nothing else", () => {
  expect(typesOf(decide(after(RULE, FIRE), "RemoveRule", { name: "dead-letters" }))).toEqual(["rivulet.AlertResolved", "rivulet.AlertRuleRemoved"]);
  expect(decide(after(RULE, FIRE), "Resolve", { rule: "dead-letters", ids: ["other"] })).toEqual([]);
});

test("no rule, no alert: one that was removed meanwhile does not fire", () => {
  expect(decide(after(), "Fire", { rule: "dead-letters", alerts: [one] })).toEqual([]);
  expect(decide(after(), "Fire", { rule: "constructor", alerts: [one] })).toEqual([]);
});

test("a tenant has so many rules and no more", () => {
  const full = after(...Array.from({ length: MAX_RULES }, (_, index) => ["SetRule", { ...rule, name: `r${index}` }] as const));
  expect(() => decide(full, "SetRule", rule)).toThrow("too_many_rules");
  expect(decide(full, "SetRule", { ...rule, name: "r0", summary: "changed" })).toHaveLength(1);
});
