import { beforeEach, expect, test } from "vitest";
import type { HopRecord } from "../../../src/tracing/hop.ts";
import { Recorder, type TraceSink } from "../../../src/tracing/recorder.ts";
import { Sampler } from "../../../src/tracing/sampler.ts";
import { Tracer } from "../../../src/tracing/tracer.ts";

let time: number;
let written: HopRecord[];
let work: Promise<unknown>[];
/** Of an invocation that others wait behind, and of one that has time of its own; both of one isolate. */
let hurried: Tracer;
let idle: Tracer;

const sink: TraceSink = { name: "test", write: (hops) => void written.push(...hops) };
const hopNamed = (name: string) => ({ service: "s", name, tenant: "t", context: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` } });
const names = (): readonly string[] => written.map(({ spans: [own] }) => own.name);

beforeEach(() => {
  time = 1_000_000;
  written = [];
  work = [];
  const now = (): number => time;
  const parts = { now, recorder: new Recorder(now), sampler: new Sampler(1), sinks: () => [sink] };
  hurried = new Tracer(parts);
  idle = new Tracer(parts, (one) => work.push(one));
});

test("what an invocation keeps that has no time of its own is written by the next that has", async () => {
  await hurried.hop(hopNamed("one"), async () => 1);
  expect(hurried.late()).toBeUndefined();
  expect(written).toEqual([]);
  await idle.hop(hopNamed("other"), async () => 2);
  await Promise.all(work);
  expect(names()).toEqual(["one", "other"]);
});

test("where nobody comes for five seconds, it writes what is left, at once, and nobody else needs to", async () => {
  await hurried.hop(hopNamed("one"), async () => 1);
  time += 4_999;
  await hurried.hop(hopNamed("two"), async () => 2);
  expect(hurried.late()).toBeUndefined();
  time += 1;
  const late = hurried.late();
  // Another that comes now finds somebody at it.
  expect(hurried.late()).toBeUndefined();
  await late;
  expect(names()).toEqual(["one", "two"]);
  // What comes then has waited for nobody yet.
  await hurried.hop(hopNamed("three"), async () => 3);
  expect(hurried.late()).toBeUndefined();
});

test("who is held by it writes some of it, whatever comes meanwhile", async () => {
  const sizes: number[] = [];
  const now = (): number => time;
  const parts = { now, recorder: new Recorder(now), sampler: new Sampler(1) };
  const more: TraceSink = {
    name: "more",
    async write(hops) {
      sizes.push(hops.length);
      if (sizes.length < 4) await held.hop(hopNamed("another"), async () => 0);
    },
  };
  const held = new Tracer({ ...parts, sinks: () => [more] });
  for (let n = 0; n < 251; n++) await held.hop(hopNamed("one"), async () => n);
  time += 5_000;
  await held.late();
  expect(sizes).toEqual([250]);
  // The rest is left to others for as long again.
  expect(held.late()).toBeUndefined();
  time += 5_000;
  await held.late();
  expect(sizes).toEqual([250, 2]);
});

test("who is held by it is not held by a sink that never answers: what it did not take is lost to it", async () => {
  const lost: [string, number][] = [];
  const now = (): number => time;
  const hanging: TraceSink = { name: "hanging", write: () => new Promise(() => undefined) };
  const recorder = new Recorder(now, (name, spans) => void lost.push([name, spans.length]));
  const held = new Tracer({ now, recorder, sampler: new Sampler(1), sinks: () => [hanging] });
  await held.hop(hopNamed("one"), async () => 1);
  time += 5_000;
  await held.late();
  expect(lost).toEqual([["hanging", 1]]);
});

test("what somebody is writing is not late, however long that takes", async () => {
  await idle.hop(hopNamed("one"), async () => 1);
  time += 14_999;
  expect(hurried.late()).toBeUndefined();
  await Promise.all(work);
  expect(names()).toEqual(["one"]);
});
