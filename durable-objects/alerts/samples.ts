import type { Sample } from "../../src/metrics/evaluate.ts";
import type { AlertRule } from "../../src/metrics/rule.ts";
import type { Series } from "../../src/metrics/series.ts";

const KEY = "samples";
/** Parts that the longest window is kept in: closer together samples need not be. */
const PARTS = 20;
/** Characters of samples that are kept; one row takes 2 MB. */
const MOST_KEPT = 1_000_000;

/**
 * What the figures were, as far back as rules look. On disk, since an object that sleeps between two alarms may lose its memory; rules
 * that look at no window keep nothing.
 */
export class Samples {
  readonly #kv: SyncKvStorage;
  #all: readonly Sample[];

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#all = JSON.parse(kv.get<string>(KEY) ?? "[]") as readonly Sample[];
  }

  /** Takes what is so now (milliseconds since 1970); gives all that is kept and this, in their order. */
  take(at: number, series: Series, rules: readonly AlertRule[]): readonly Sample[] {
    const windowed = rules.filter(({ condition }) => condition.function !== "value");
    const window = Math.max(0, ...windowed.map(({ condition }) => condition.overSeconds)) * 1_000;
    const metrics = new Set(windowed.map(({ metric }) => metric));
    const kept = Object.fromEntries(Object.entries(series).filter(([name]) => metrics.has(name)));
    const before = this.#all;
    this.#keep(window === 0 ? [] : thinned([...before, { at, series: kept }], window));
    return [...before.filter((sample) => sample.at < at), { at, series }];
  }

  /** There are no rules any more. */
  clear(): void {
    this.#keep([]);
  }

  #keep(samples: readonly Sample[]): void {
    if (samples.length === 0 && this.#all.length === 0) return;
    let text = JSON.stringify(samples);
    for (; text.length > MOST_KEPT && samples.length > 1; text = JSON.stringify(samples)) samples = samples.slice(Math.ceil(samples.length / 2));
    this.#all = samples;
    if (samples.length === 0) this.#kv.delete(KEY);
    else this.#kv.put(KEY, text);
  }
}

/** The newest that is as old as the window, what is younger, and of that no more than so many. */
function thinned(samples: readonly Sample[], window: number): readonly Sample[] {
  const last = samples.at(-1) as Sample;
  const first = Math.max(
    0,
    samples.findLastIndex(({ at }) => at <= last.at - window),
  );
  const kept: Sample[] = [];
  for (const [index, sample] of samples.entries()) {
    if (index < first) continue;
    const next = samples[index + 1];
    const isNeeded = index === first || next === undefined || next.at - (kept.at(-1) as Sample).at > window / PARTS;
    if (isNeeded) kept.push(sample);
  }
  return kept;
}
