import { expect, test } from "vitest";
import { Samples } from "../../../durable-objects/alerts/samples.ts";
import { type AlertRule, BUILT_IN } from "../../../src/metrics/rule.ts";
import type { Series } from "../../../src/metrics/series.ts";

/** Storage that counts what is written. */
class Kv {
  readonly kept = new Map<string, unknown>();
  writes = 0;
  get = (key: string): unknown => this.kept.get(key);
  put(key: string, value: unknown): void {
    this.writes++;
    this.kept.set(key, value);
  }
  delete = (key: string): boolean => this.kept.delete(key);
}

const EVERY = 15_000;
const errors = BUILT_IN["delivery-errors"] as AlertRule;
const letters = BUILT_IN["dead-letters"] as AlertRule;
const series = (n: number): Series => ({ rivulet_deliveries_total: { '["s1","failed"]': n }, rivulet_dead_letters: { '["s1"]': n } });
const over = (overSeconds: number): AlertRule => ({ ...errors, condition: { ...errors.condition, overSeconds } });
const samplesOn = (kv: Kv): Samples => new Samples(kv as unknown as SyncKvStorage);

test("rules that look at no window keep nothing", () => {
  const kv = new Kv();
  expect(samplesOn(kv).take(0, series(1), [letters])).toEqual([{ at: 0, series: series(1) }]);
  expect(kv.writes).toBe(0);
});

test("what is kept outlives the object: one row for each look, of the windowed metrics alone", () => {
  const kv = new Kv();
  samplesOn(kv).take(0, series(1), [errors, letters]);
  const found = samplesOn(kv).take(EVERY, series(2), [errors, letters]);
  expect(found).toEqual([
    { at: 0, series: { rivulet_deliveries_total: { '["s1","failed"]': 1 } } },
    { at: EVERY, series: series(2) },
  ]);
  expect(kv.writes).toBe(2);
});

test.each([60, 300, 1_800])("a window of %d s always finds a sample that is as old, and few in between", (seconds) => {
  const kv = new Kv();
  for (let look = 0; look < 500; look++) {
    const at = look * EVERY;
    const found = samplesOn(kv).take(at, series(look), [over(seconds)]);
    const ages = found.map((sample) => at - sample.at);
    expect(found.length).toBeLessThan(45);
    if (at < seconds * 1_000) expect(ages[0]).toBe(at);
    else expect(ages.some((age) => age >= seconds * 1_000 && age <= seconds * 1_100 + EVERY)).toBe(true);
  }
});

test("what would not fit into a row is thinned out, the newest stays", () => {
  const kv = new Kv();
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [JSON.stringify([`s${index}${"x".repeat(80)}`, "failed"]), index]));
  for (let look = 0; look < 30; look++) samplesOn(kv).take(look * EVERY, { rivulet_deliveries_total: many }, [over(1_800)]);
  const text = kv.kept.get("samples") as string;
  expect(text.length).toBeLessThan(1_000_000);
  expect((JSON.parse(text) as readonly { at: number }[]).at(-1)?.at).toBe(29 * EVERY);
});

test("without rules nothing is left", () => {
  const kv = new Kv();
  samplesOn(kv).take(0, series(1), [errors]);
  samplesOn(kv).clear();
  expect(kv.kept.size).toBe(0);
});
