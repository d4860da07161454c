import { createMessageBatch, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { metricsFor } from "../../durable-objects/object-for.ts";
import { compose } from "../../src/compose.ts";
import { figuresOf } from "../../src/figures.ts";
import { FAILURES_TO_OPEN } from "../../src/kernel/index.ts";
import type { Series, Value } from "../../src/metrics/series.ts";
import { append, draft, env, wholeLog } from "../support/engine.ts";
import { faults, faultyShards, heal } from "../support/faults.ts";
import { follower, listen, subscribe, tell } from "../support/followers.ts";

afterEach(heal);

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
const read = async (tenant: string): Promise<Series> => (await metricsFor(env, 0).read(tenant)) as Series;
const of = (series: Series, name: string, ...labels: readonly string[]): Value | undefined => series[name]?.[JSON.stringify(labels)];

test("deliveries, retries and dead letters are counted by follower, and its lag is told until it is gone", async () => {
  const sinks = listen();
  sinks.answer = ({ event }) => (event.stream === "note-bad" ? 500 : 204);
  await subscribe("counted", "s1", { retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 2 } });
  await append("counted", "note-good", [draft("notes.Written", { text: "a" }), draft("notes.Written", { text: "b" })]);
  await append("counted", "note-bad", [draft("notes.Written", { text: "c" })]);
  await until(async () => {
    const series = await read("counted");
    expect(of(series, "rivulet_deliveries_total", "s1", "delivered")).toBe(2);
    expect(of(series, "rivulet_deliveries_total", "s1", "failed")).toBe(3);
    expect(of(series, "rivulet_retries_total", "s1")).toBe(2);
    expect(of(series, "rivulet_dead_letters_total", "s1")).toBe(1);
    expect(of(series, "rivulet_delivery_delay_seconds", "subscription")).toMatchObject({ count: 2 });
    expect(of(series, "rivulet_delivery_duration_seconds", "subscription")).toMatchObject({ count: 5 });
    expect(of(series, "rivulet_follower_lag_events", "s1", "0")).toBe(0);
    expect(of(series, "rivulet_follower_waiting_streams", "s1", "0")).toBe(0);
  });
  await tell("counted", "s1", "Delete", {});
  await until(async () => expect(of(await read("counted"), "rivulet_follower_lag_events", "s1", "0")).toBeUndefined());
});

test("a circuit that opens is counted, and that it closes again", async () => {
  const sinks = listen();
  sinks.answer = () => 500;
  await subscribe("tripped", "s1", { order: "none", retry: { maxAttempts: 20, minDelayMs: 1, maxDelayMs: 2 } });
  for (let n = 0; n < FAILURES_TO_OPEN; n++) await append("tripped", `note-${n}`, [draft("notes.Written", { text: "a" })]);
  const changes = async (state: string) => of(await read("tripped"), "rivulet_circuit_changes_total", "s1", state);
  await until(async () => expect(await changes("open")).toBeGreaterThanOrEqual(1));
  expect(await changes("closed")).toBeUndefined();
  sinks.answer = () => 204;
  await until(async () => expect(await changes("closed")).toBe(1));
});

test("a stream that tells another history than the log is counted as a fork", async () => {
  for (const [length, stream] of [
    [1, "note-1"],
    [2, "note-2"],
  ] as const) {
    await append("forks", stream, [draft("notes.Written", { text: "a" })]);
    await until(async () => expect(await wholeLog("forks")).toHaveLength(length));
  }
  await env.LOG_0.prepare("UPDATE streams SET hash = 'sha256:another' WHERE tenant = 'forks' AND stream = 'note-1'").run();
  await append("forks", "note-1", [draft("notes.Written", { text: "b" })]);
  await until(async () => expect(of(await read("forks"), "rivulet_log_forks_total")).toBeGreaterThanOrEqual(1));
});

test("a follower whose sink is away says how far it is behind", async () => {
  const sinks = listen();
  sinks.answer = () => 503;
  await subscribe("behind", "s1", { order: "stream", retry: { maxAttempts: 50, minDelayMs: 60_000, maxDelayMs: 60_000 } });
  for (const stream of ["note-a", "note-b"]) await append("behind", stream, [draft("notes.Written", { text: "a" })]);
  await until(async () => expect(of(await read("behind"), "rivulet_follower_waiting_streams", "s1", "0")).toBe(2));
  expect(of(await read("behind"), "rivulet_dead_letters_total", "s1")).toBeUndefined();
});

test("a follower whose sink is slow says how far it is behind while it works, and that it is no more when it is done", async () => {
  const sinks = listen();
  const held = Promise.withResolvers<void>();
  sinks.answer = async ({ event }) => {
    if (event.version > 3) await held.promise;
    return 204;
  };
  const drafts = Array.from({ length: 10 }, (_, n) => draft("notes.Written", { n }));
  await append("slow", "note-a", drafts);
  await subscribe("slow", "s1", { timeoutMs: 60_000 });
  await until(async () => expect(of(await read("slow"), "rivulet_follower_lag_events", "s1", "0")).toBeGreaterThanOrEqual(7));
  expect(sinks.received.length).toBeLessThanOrEqual(4);
  held.resolve();
  await until(async () => expect(of(await read("slow"), "rivulet_follower_lag_events", "s1", "0")).toBe(0));
  expect(sinks.received).toHaveLength(10);
});

test("a subscription that is pulled says how far it is behind, also while nobody pulls, until it is gone", async () => {
  const figures = (wanted?: ReadonlySet<string>) => figuresOf({ env, shardOf: faultyShards(env), views: [], sagas: [], now: Date.now }, "pulled", wanted);
  const lag = async (): Promise<Value | undefined> => of(await figures(), "rivulet_follower_lag_events", "p1", "0");
  await append("pulled", "note-a", [draft("notes.Written", { text: "a" }), draft("notes.Written", { text: "b" })]);
  await subscribe("pulled", "p1", { sink: { kind: "pull" } });
  // The subscription's own event is in the log, too.
  await until(async () => expect(await lag()).toBe(3));
  const pulled = async (): Promise<readonly number[]> =>
    ((await follower("pulled", "p1").lease(10, 60_000)) as unknown as { readonly events: readonly { readonly position: number }[] }).events.map(
      ({ position }) => position,
    );
  await follower("pulled", "p1").acknowledge(await pulled());
  expect(await pulled()).toEqual([]);
  await until(async () => expect(await lag()).toBe(0));
  await append("pulled", "note-b", [draft("notes.Written", { text: "c" }), draft("notes.Written", { text: "d" })]);
  await until(async () => expect(await lag()).toBe(2));
  expect(of(await figures(new Set(["rivulet_follower_lag_events"])), "rivulet_follower_lag_events", "p1", "0")).toBe(2);
  // What cannot be read is left out, so that no alert is over for want of it.
  faults.beforeQuery = () => {
    throw new Error("D1 is away");
  };
  expect(await figures(new Set(["rivulet_follower_lag_events"]))).not.toHaveProperty("rivulet_follower_lag_events");
  heal();
  await tell("pulled", "p1", "Delete", {});
  await until(async () => expect(await lag()).toBeUndefined());
});

test("what came into the log is counted as often as it did, whoever brought it there, and no position is missing", async () => {
  for (let turn = 0; turn < 3; turn++) await append("logged", `note-${turn}`, [draft("notes.Written", { text: "a" }), draft("notes.Starred", {})]);
  await until(async () => {
    const series = await read("logged");
    expect(of(series, "rivulet_events_published_total", "note")).toBe(6);
    expect(of(series, "rivulet_view_delay_seconds")).toMatchObject({ count: 6 });
  });
  expect(await wholeLog("logged")).toHaveLength(6);
  const series = await read("logged");
  expect(of(series, "rivulet_log_gaps_total")).toBeUndefined();
  expect(of(series, "rivulet_log_delay_seconds")).toMatchObject({ count: 6 });
});

test("a batch that is sent again counts once, and of a deleted tenant not at all; what is there outlives the object, and an alarm is held while it is not written only", async () => {
  const object = metricsFor(env, 7);
  const batch = { shard: 7, from: "i1", sequence: 1, tenants: { t1: { rivulet_queue_operations_total: { "[]": 3 } } } };
  await object.add(batch);
  await object.add(batch);
  await object.add({ ...batch, from: "i2" });
  expect(of((await object.read("t1")) as Series, "rivulet_queue_operations_total")).toBe(6);
  expect((await object.read("t2")) as Series).toEqual({});
  expect(await runDurableObjectAlarm(object)).toBe(true);
  expect(await runDurableObjectAlarm(object)).toBe(false);
  await runInDurableObject(object, (_, state) => state.abort("evicted")).catch(() => {});
  expect(of((await metricsFor(env, 7).read("t1")) as Series, "rivulet_queue_operations_total")).toBe(6);
  await metricsFor(env, 7).forget("t1");
  // What an isolate had counted before comes late.
  await metricsFor(env, 7).add({ ...batch, from: "i3" });
  expect((await metricsFor(env, 7).read("t1")) as Series).toEqual({});
});

test("a batch of the queue is over when its work is: it waits for no flush of figures, for the next batch waits for it", async () => {
  const rarely = { ...env, METRICS_EVERY_MS: "600000" };
  // With figures of its own, of which nobody else has promised to send any.
  const { worker } = compose();
  const works: Promise<unknown>[] = [];
  const context = { waitUntil: (work: Promise<unknown>) => void works.push(work) } as unknown as ExecutionContext;
  for (const version of [1, 2, 3]) {
    await append("unheld", "note-1", [draft("notes.Written", { text: "a" })]);
    const body = JSON.stringify({ form: 1, shard: 0, tenant: "unheld", stream: "note-1", head: { version, hash: "" } });
    await worker.queue(createMessageBatch<string>("rivulet-events-0", [{ id: `m${version}`, timestamp: new Date(), attempts: 1, body }]), rarely, context);
    const over = Promise.all(works).then(() => "over");
    expect(await Promise.race([over, scheduler.wait(20_000).then(() => "waits")])).toBe("over");
  }
  expect(works.length).toBeGreaterThan(0);
  expect(await wholeLog("unheld")).toHaveLength(3);
});
