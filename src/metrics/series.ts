import { BUCKETS, type Definition, definitionOf } from "./definitions.ts";

/** Observations taken together: how many fell into each bucket (not into those below it), their sum (seconds) and number. */
export interface Histogram {
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** A counter's or a gauge's number, or a histogram. */
export type Value = number | Histogram;

/** Values by metric, then by the labels' values as a JSON list, in the definition's order. Plain data: it crosses RPC and is stored as JSON. */
export type Series = Readonly<Record<string, Readonly<Record<string, Value>>>>;

/** Values that are still being collected. */
export type OpenSeries = Map<string, Map<string, Value>>;

/** Series of one tenant that are told apart; what comes beyond them counts as `other`, so sums stay true. */
export const MOST_SERIES = 2_000;
/** Characters of a label's value. */
const LONGEST_LABEL = 120;

/** What a series stands under: its labels' values in order. */
export function labelsKey({ labels }: Definition, given: Readonly<Record<string, string>>): string {
  // Most have none, and are counted with each event.
  if (labels.length === 0) return "[]";
  return JSON.stringify(labels.map((label) => (given[label] ?? "").slice(0, LONGEST_LABEL).toWellFormed()));
}

/** The labels of a series, by name. */
export function labelsOf({ labels }: Definition, key: string): Readonly<Record<string, string>> {
  const values = JSON.parse(key) as readonly string[];
  return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ""]));
}

/** A histogram of an observation (seconds) that was made so many times. */
export function histogramOf(seconds: number, times = 1): Histogram {
  const place = BUCKETS.findIndex((bound) => seconds <= bound);
  return { buckets: BUCKETS.map((_, index) => (index === place ? times : 0)), sum: seconds * times, count: times };
}

/** Two values of one series as one: a gauge says what it said last. */
function joined({ kind }: Definition, one: Value | undefined, other: Value): Value {
  if (one === undefined || kind === "gauge") return other;
  if (typeof one === "number" || typeof other === "number") return Number(one) + Number(other);
  return {
    buckets: BUCKETS.map((_, index) => (one.buckets[index] ?? 0) + (other.buckets[index] ?? 0)),
    sum: one.sum + other.sum,
    count: one.count + other.count,
  };
}

/** What a gauge says when whatever it spoke of is gone: none of ours is ever below 0. */
export const GONE = -1;

/** How many series there are. */
export function sizeOf(series: OpenSeries): number {
  let size = 0;
  for (const { size: own } of series.values()) size += own;
  return size;
}

/** Adds a value to its series. A metric that this code does not know is left out. */
export function addTo(series: OpenSeries, name: string, key: string, value: Value): void {
  const definition = definitionOf(name);
  if (definition === undefined) return;
  const own = series.get(name) ?? new Map<string, Value>();
  series.set(name, own);
  const isNew = !own.has(key);
  if (isNew && sizeOf(series) >= MOST_SERIES) {
    // Of many gauges in one, the number would mean nothing.
    if (definition.kind === "gauge") return;
    key = JSON.stringify(definition.labels.map(() => "other"));
  }
  own.set(key, joined(definition, own.get(key), value));
}

/** What was collected, as plain data. */
export function closed(series: OpenSeries): Series {
  return Object.fromEntries([...series].map(([name, own]) => [name, Object.fromEntries(own)]));
}

/** Adds all of one tenant's values to what is there; gauges of what is gone go. */
export function addAll(series: OpenSeries, added: Series): void {
  for (const [name, own] of Object.entries(added)) {
    for (const [key, value] of Object.entries(own)) {
      if (value === GONE) series.get(name)?.delete(key);
      else addTo(series, name, key, value);
    }
  }
}

/** Series to go on collecting in. */
export function opened(series: Series): OpenSeries {
  return new Map(Object.entries(series).map(([name, own]) => [name, new Map(Object.entries(own))]));
}

/**
 * The value (seconds) under which this share of the observations lies, within its bucket in proportion, as Prometheus'
 * `histogram_quantile` has it; the last bound for what is over it, undefined without observations.
 */
export function quantileOf({ buckets, count }: Histogram, share: number): number | undefined {
  if (count === 0) return undefined;
  const rank = share * count;
  let below = 0;
  for (const [index, bound] of BUCKETS.entries()) {
    const here = buckets[index] ?? 0;
    const lower = index === 0 ? 0 : (BUCKETS[index - 1] as number);
    if (here > 0 && below + here >= rank) return lower + (bound - lower) * ((rank - below) / here);
    below += here;
  }
  return BUCKETS.at(-1);
}
