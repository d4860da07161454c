import { z } from "@hono/zod-openapi";
import { durationMilliseconds } from "../kernel/index.ts";
import { type Definition, definitionOf, METRIC_NAMES } from "../metrics/definitions.ts";
import { type AlertRule, type Condition, FUNCTIONS, OPERATORS, SEVERITIES } from "../metrics/rule.ts";
import type { InputError } from "./problem.ts";

/** The longest window (seconds), and the shortest. */
const LONGEST_WINDOW = 1_800;
const SHORTEST_WINDOW = 15;
const LONGEST_FOR = 86_400;
const MOST_LABELS = 20;

const seconds = (text: string): number => (durationMilliseconds(text) ?? Number.NaN) / 1_000;

/** An ISO 8601 duration between two numbers of seconds. */
export const durationBetween = (least: number, most: number) =>
  z
    .string()
    .max(40)
    .refine((text) => seconds(text) >= least && seconds(text) <= most, `Expected an ISO 8601 duration from ${least} s to ${most} s, such as PT1M`)
    .openapi({ example: "PT1M" });

/** Labels by name. */
export const labelsInput = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "Expected 1 to 63 of [a-z0-9_], a letter first"), z.string().max(200))
  .refine((labels) => Object.keys(labels).length <= MOST_LABELS, `Expected at most ${MOST_LABELS} labels`);

const condition = z.strictObject({
  function: z.enum(FUNCTIONS).optional().describe("Left out: value"),
  operator: z.enum(OPERATORS).optional().describe("Left out: >"),
  threshold: z.number(),
  over: durationBetween(SHORTEST_WINDOW, LONGEST_WINDOW).optional().describe("The window of all functions but value; left out, PT5M"),
  where: labelsInput.optional().describe("Labels that a series must have; `*` at the end stands for any text"),
});

/** What a rule is put with. Of a built-in rule everything may be left out. */
export const ruleInput = z
  .strictObject({
    metric: z.enum(METRIC_NAMES).optional(),
    condition: condition.optional(),
    for: durationBetween(0, LONGEST_FOR).optional().describe("How long it must hold before it fires; left out, at once"),
    severity: z.enum(SEVERITIES).optional().describe("Left out: warning"),
    labels: labelsInput.optional(),
    summary: z.string().max(500).optional(),
  })
  .openapi("AlertRuleInput", { example: { metric: "rivulet_dead_letters_total", condition: { function: "increase", threshold: 0 }, severity: "critical" } });

/** The rule that is meant, or what is missing or does not fit its metric. */
export function ruleOf(input: z.output<typeof ruleInput>, builtIn: AlertRule | undefined): AlertRule | readonly InputError[] {
  const metric = input.metric ?? builtIn?.metric;
  const condition = conditionOf(input, builtIn);
  if (metric === undefined) return [{ path: "metric", message: "Expected the metric that is watched; only a built-in rule has one of its own" }];
  if (condition === undefined) return [{ path: "condition", message: "Expected a condition; only a built-in rule has one of its own" }];
  const faults = faultsOf(definitionOf(metric) as Definition, condition);
  if (faults.length > 0) return faults;
  const { severity = builtIn?.severity ?? "warning", labels = {}, summary = builtIn?.summary ?? "" } = input;
  const forSeconds = input.for === undefined ? (builtIn?.forSeconds ?? 0) : seconds(input.for);
  return { metric, condition, forSeconds, severity, labels, summary };
}

/** A condition that is given is given whole; only a built-in rule's own stands where there is none, and only for its metric. */
function conditionOf({ metric, condition }: z.output<typeof ruleInput>, builtIn: AlertRule | undefined): Condition | undefined {
  if (condition === undefined) return metric === undefined || metric === builtIn?.metric ? builtIn?.condition : undefined;
  const { function: how = "value", operator = ">", threshold, over = "PT5M", where = {} } = condition;
  return { function: how, operator, threshold, overSeconds: seconds(over), where };
}

function faultsOf({ kind, labels }: Definition, { function: how, where }: Condition): readonly InputError[] {
  const unknown = Object.keys(where).filter((label) => !labels.includes(label));
  const known = labels.length === 0 ? "none: the metric has no labels" : labels.join(", ");
  const faults = unknown.map((label) => ({ path: `condition.where.${label}`, message: `Expected one of the metric's labels, ${known}` }));
  if (how.startsWith("p") && kind !== "histogram") faults.push({ path: "condition.function", message: `Expected a histogram for ${how}, got a ${kind}` });
  if (how === "share" && Object.keys(where).length === 0) faults.push({ path: "condition.where", message: "Expected labels for share: it is theirs" });
  return faults;
}
