import { type Definition, definitionOf } from "./definitions.ts";
import type { AlertRule, Condition } from "./rule.ts";
import { type Histogram, labelsOf, quantileOf, type Series, type Value } from "./series.ts";

/** The series of metrics at a time (milliseconds since 1970). A metric that is not in it was not looked at. */
export interface Sample {
  readonly at: number;
  readonly series: Series;
}

/** A series, or group of them, for which a rule holds: its labels, and the number that says so. */
export interface Holding {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What one rule gives at most at a time: more say no more. */
const MOST_HOLDING = 100;

/** For which series a rule holds now. Samples in their order, the last being now. */
export function holdingOf({ metric, condition }: AlertRule, samples: readonly Sample[]): readonly Holding[] {
  const known = samples.filter(({ series }) => series[metric] !== undefined);
  const now = known.at(-1);
  const definition = definitionOf(metric);
  if (now === undefined || definition === undefined) return [];
  const since = sampleBefore(known, now.at - condition.overSeconds * 1_000);
  const given: Given = { definition, condition, now: now.series[metric] ?? {}, before: since.series[metric] ?? {}, seconds: (now.at - since.at) / 1_000 };
  const numbers = condition.function === "share" ? shares(given) : each(given);
  return numbers.filter(({ value }) => compares(value, condition)).slice(0, MOST_HOLDING);
}

/** The newest sample that is no younger than the window; where there is none, the oldest: then less than the window is known. */
function sampleBefore(samples: readonly Sample[], begin: number): Sample {
  return samples.findLast(({ at }) => at <= begin) ?? (samples[0] as Sample);
}

interface Given {
  readonly definition: Definition;
  readonly condition: Condition;
  readonly now: Readonly<Record<string, Value>>;
  readonly before: Readonly<Record<string, Value>>;
  readonly seconds: number;
}

function each({ definition, condition, now, before, seconds }: Given): readonly Holding[] {
  return Object.entries(now).flatMap(([key, value]) => {
    const labels = labelsOf(definition, key);
    if (!matches(labels, condition.where)) return [];
    const number = numberOf(condition.function, grown(value, condition.function === "value" ? undefined : before[key]), seconds);
    return number === undefined ? [] : [{ labels, value: number }];
  });
}

function numberOf(how: Condition["function"], value: Value, seconds: number): number | undefined {
  if (how === "p50" || how === "p95" || how === "p99") return typeof value === "number" ? undefined : quantileOf(value, Number(how.slice(1)) / 100);
  const number = typeof value === "number" ? value : value.count;
  return how === "rate" ? (seconds > 0 ? number / seconds : 0) : number;
}

/** By the labels that `where` does not name: how much of what was added in the window is where it says. */
function shares({ definition, condition: { where }, now, before }: Given): readonly Holding[] {
  const groups = new Map<string, { readonly labels: Holding["labels"]; all: number; own: number }>();
  for (const [key, value] of Object.entries(now)) {
    const labels = labelsOf(definition, key);
    const rest = Object.fromEntries(Object.entries(labels).filter(([label]) => !Object.hasOwn(where, label)));
    const group = groups.get(JSON.stringify(rest)) ?? { labels: rest, all: 0, own: 0 };
    const added = numberOf("increase", grown(value, before[key]), 0) ?? 0;
    group.all += added;
    if (matches(labels, where)) group.own += added;
    groups.set(JSON.stringify(rest), group);
  }
  return [...groups.values()].flatMap(({ labels, all, own }) => (all > 0 ? [{ labels, value: own / all }] : []));
}

/** What was added since then; all of it where there was nothing, or less (it began anew). */
function grown(now: Value, then: Value | undefined): Value {
  if (then === undefined) return now;
  if (typeof now === "number" || typeof then === "number") return Number(now) >= Number(then) ? Number(now) - Number(then) : now;
  if (now.count < then.count) return now;
  const difference: Histogram = {
    buckets: now.buckets.map((count, index) => count - (then.buckets[index] ?? 0)),
    sum: now.sum - then.sum,
    count: now.count - then.count,
  };
  return difference;
}

/** Whether labels are as asked: each the same, or, with `*` at the end, beginning so. */
export function matches(labels: Readonly<Record<string, string>>, where: Readonly<Record<string, string>>): boolean {
  return Object.entries(where).every(([label, wanted]) => {
    const value = labels[label];
    if (value === undefined) return false;
    return wanted.endsWith("*") ? value.startsWith(wanted.slice(0, -1)) : value === wanted;
  });
}

function compares(value: number, { operator, threshold }: Condition): boolean {
  if (operator === ">") return value > threshold;
  if (operator === ">=") return value >= threshold;
  return operator === "<" ? value < threshold : value <= threshold;
}
