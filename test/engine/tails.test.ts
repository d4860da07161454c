import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MetricsObject } from "../../durable-objects/metrics.ts";
import { alertsFor, metricsFor } from "../../durable-objects/object-for.ts";
import { append, deliver, draft, env, fireAlarm, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { get, ok, type Page, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { clock, testView } from "../support/worker.ts";

// Streams whose last events the log does not have: how many a tenant's figures tell, and since when.

const note = (n: number) => draft("notes.Added", { n });
const sent = (): readonly string[] => faults.captured?.splice(0) ?? [];
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

beforeEach(() => {
  faults.captured = [];
});
afterEach(() => {
  heal();
  clock.aheadMs = 0;
  vi.restoreAllMocks();
});

const logIsAway = (): void => {
  faults.beforeQuery = faults.beforeBatch = (database) => {
    if (database === "log") throw new Error("D1_ERROR: overloaded");
  };
};
const logIsBack = (): void => {
  faults.beforeQuery = faults.beforeBatch = () => {};
};

async function tenant(name: string): Promise<{ authorization: string }> {
  const { as } = await makeKey("all", ["*:*"], {}, { "tenant-id": name });
  // What that wrote is in the log before anything is away.
  await until(async () => {
    await deliver(sent());
    expect((await wholeLog(name)).length).toBeGreaterThan(0);
  });
  return as;
}

/** What the figures say: how many streams wait, and how long the oldest of their events has (whole seconds). */
async function told(as: object): Promise<readonly [streams: number | undefined, seconds: number | undefined]> {
  const { text } = await get("/metrics", { ...as });
  const value = (name: string): number | undefined => {
    const found = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const age = value("rivulet_tail_age_seconds");
  return [value("rivulet_tail_streams"), age && Math.floor(age / 10) * 10];
}

test("while the log's database is away the figures tell the streams that wait for it, and since when; none when it has their events", async () => {
  const as = await tenant("tails-1");
  for (const stream of ["note-1", "note-2", "note-3"]) await append("tails-1", stream, [note(1)]);
  logIsAway();
  // Nobody has looked yet.
  expect(await told(as)).toEqual([0, 0]);
  for (const stream of ["note-1", "note-2"]) await fireAlarm("tails-1", stream);
  await until(async () => expect(await told(as)).toEqual([2, 0]));
  // A stream that looks again is the same one, also in another object; and what is told outlives the object that keeps it.
  clock.aheadMs = 30_000;
  await evictDurableObject(stub("tails-1", "note-1"));
  await append("tails-1", "note-2", [note(2)]);
  for (const stream of ["note-1", "note-2", "note-3"]) await fireAlarm("tails-1", stream);
  await until(async () => expect(await told(as)).toEqual([3, 30]));
  await runDurableObjectAlarm(metricsFor(env, 0));
  await runInDurableObject(metricsFor(env, 0), (_, state) => state.abort("evicted")).catch(() => {});
  expect(await told(as)).toEqual([3, 30]);
  logIsBack();
  const messages = sent();
  await deliver(messages.filter((message) => message.includes("note-1")));
  expect(await told(as)).toEqual([2, 30]);
  await deliver(messages.filter((message) => !message.includes("note-1")));
  expect(await told(as)).toEqual([0, 0]);
});

test("what no stream says again is forgotten, and a stream whose history the log refuses does not wait for it", async () => {
  const as = await tenant("tails-2");
  for (const stream of ["note-1", "note-2"]) await append("tails-2", stream, [note(1)]);
  await fireAlarm("tails-2", "note-1");
  await deliver(sent());
  await append("tails-2", "note-2", [note(2)]);
  await fireAlarm("tails-2", "note-2");
  await until(async () => expect(await told(as)).toEqual([1, 0]));
  await env.LOG_0.prepare("UPDATE streams SET forked = 'another history' WHERE tenant = 'tails-2' AND stream = 'note-2'").run();
  expect(await told(as)).toEqual([0, 0]);
  await env.LOG_0.prepare("UPDATE streams SET forked = NULL WHERE tenant = 'tails-2' AND stream = 'note-2'").run();
  expect(await told(as)).toEqual([1, 0]);
  // Its next look comes within 6 s; a minute after that it is believed no longer.
  clock.aheadMs = 60_000;
  expect(await told(as)).toEqual([1, 60]);
  clock.aheadMs = 70_000;
  expect(await told(as)).toEqual([0, 0]);
});

test("an append that the log has by its stream's look tells nobody", async () => {
  const calls = vi.spyOn(MetricsObject.prototype, "add");
  for (const n of [1, 2]) {
    await append("tails-3", "note-1", [note(n)]);
    await deliver(sent());
    expect(await fireAlarm("tails-3", "note-1")).toBe(true);
  }
  // Whoever asks for figures has what was counted sent before.
  expect((await get("/metrics")).status).toBe(200);
  expect(calls).toHaveBeenCalled();
  expect(calls.mock.calls.flatMap(([{ tails = {} }]) => Object.keys(tails))).toEqual([]);
});

test("the built-in alert log-lag fires while the log's database is away, beside rules whose figures cannot be read then, and is over with it", async () => {
  const as = await tenant("tails-4");
  const put = (name: string, body: object) => send("PUT", `/v1/alert-rules/${name}`, body, { ...as });
  expect(ok<object>(await put("log-lag", { for: "PT0S" }))).toMatchObject({ isOn: true, metric: "rivulet_tail_age_seconds" });
  const anything = { metric: "rivulet_log_position", condition: { threshold: 0 } };
  expect(ok<object>(await put("anything", anything))).toMatchObject({ isOn: true });
  const alerts = async () => ok<Page<{ rule: string; state: string }>>(await get("/v1/alerts", { ...as })).items.map(({ rule, state }) => `${rule} ${state}`);
  const evaluate = () => runDurableObjectAlarm(alertsFor(env, "tails-4"));
  await evaluate();
  expect(await alerts()).toEqual(["anything firing"]);
  await append("tails-4", "note-1", [note(1)]);
  logIsAway();
  await fireAlarm("tails-4", "note-1");
  clock.aheadMs = 61_000;
  await fireAlarm("tails-4", "note-1");
  await until(async () => expect(await told(as)).toEqual([1, 60]));
  expect((await get("/metrics", as)).text).not.toContain("rivulet_log_position");
  await evaluate();
  // What cannot be read is no reason to say that it is over.
  expect((await alerts()).toSorted()).toEqual(["anything firing", "log-lag firing"]);
  logIsBack();
  await fireAlarm("tails-4", "note-1");
  await deliver(sent());
  await evaluate();
  expect(await alerts()).toEqual(["anything firing"]);
});

test("an end of a stream that cannot be brought into the log at once is counted, and a view that has met its own fault is told", async () => {
  const as = await tenant("tails-5");
  await append("tails-5", "note-1", [note(1)]);
  const messages = sent();
  logIsAway();
  expect(await deliver(messages)).toEqual(messages);
  logIsBack();
  testView.fold = (scope, events) => {
    if (scope === "tails-5" && events.length > 0) throw new Error("of its own");
    return [];
  };
  await deliver(messages);
  await until(async () => expect((await get("/metrics", { ...as })).text).toContain('\nrivulet_view_faulted{view="test_view"} 1\n'));
  testView.fold = () => [];
  const { text } = await get("/metrics", { ...as });
  expect(text).toContain('\nrivulet_view_faulted{view="event_types"} 0\n');
  expect(text).toContain("\nrivulet_tails_total 1\n");
});
