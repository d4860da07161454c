import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { append, dispatcher, draft, wholeLog } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe, tell } from "../support/followers.ts";
import { clock } from "../support/worker.ts";

let sinks: Sinks;

beforeEach(() => {
  heal();
  sinks = listen();
});
afterEach(() => {
  clock.aheadMs = 0;
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (tenant: string, stream: string, type = "notes.Written") => append(tenant, stream, [draft(type, { text: "a" })]);
const replayed = (): readonly number[] => sinks.received.filter(({ replay }) => replay === "r").map(({ event }) => event.position);
/** Whose head the log has: the subscription's own event is the first. */
async function written(tenant: string, position: number, id = "s"): Promise<void> {
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(position));
  await until(async () => expect(await standing(tenant, id)).toMatchObject({ isIdle: true, retrying: 0 }));
}
const replayOf = async (tenant: string) => (await standing(tenant, "s")).replays[0];

it("gives nothing that the subscription does not want, whatever types it names", async () => {
  const tenant = "replay-wanted";
  await subscribe(tenant, "s");
  for (const type of ["notes.Written", "other.Thing", "notes.Starred"]) await write(tenant, "note-1", type);
  await written(tenant, 4);
  await tell(tenant, "s", "StartReplay", { id: "r", from: 1, to: 4, types: ["#"], rate: 1_000 });
  await until(async () => expect(await replayOf(tenant)).toEqual({ id: "r", position: 4, to: 4, delivered: 2, state: "done" }));
  expect(replayed()).toEqual([2, 4]);
});

it("gives what was recorded at or after the one time and before the other", async () => {
  const tenant = "replay-times";
  await subscribe(tenant, "s");
  for (let n = 0; n < 4; n++) {
    // So that no two were recorded in the same millisecond.
    clock.aheadMs += 1_000;
    await write(tenant, "note-1");
  }
  await written(tenant, 5);
  const [, , since, , before] = (await wholeLog(tenant)).map(({ recorded }) => recorded);
  await tell(tenant, "s", "StartReplay", { id: "r", from: 1, to: 5, since, until: before, rate: 1_000 });
  await until(async () => expect(await replayOf(tenant)).toMatchObject({ state: "done" }));
  expect(replayed()).toEqual([3, 4]);
});

it("is shared out like the streams: of several parts each replays its own, and nothing comes twice", async () => {
  const tenant = "replay-parts";
  await subscribe(tenant, "s", { concurrency: 12 });
  for (let n = 0; n < 8; n++) await write(tenant, `note-${n}`);
  await until(() => expect(sinks.received).toHaveLength(8));
  await tell(tenant, "s", "StartReplay", { id: "r", from: 1, to: 9, rate: 1_000 });
  const states = () => Promise.all([0, 1].map(async (part) => (await follower(tenant, "s", "subscription", part).standing(0)).replays[0]?.state));
  await until(async () => expect(await states()).toEqual(["done", "done"]));
  expect(replayed().toSorted((one, other) => one - other)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

it("keeps its pace, and its alarm takes it on when the next is due", async () => {
  const tenant = "replay-pace";
  await subscribe(tenant, "s");
  for (let n = 0; n < 3; n++) await write(tenant, "note-1");
  await written(tenant, 4);
  const begun = Date.now();
  // One in a hundred seconds.
  await tell(tenant, "s", "StartReplay", { id: "r", from: 2, to: 4, rate: 0.01 });
  for (const given of [[2], [2, 3], [2, 3, 4]]) {
    await until(async () => {
      if (replayed().length < given.length) await fireFollower(tenant, "s");
      expect(replayed()).toEqual(given);
      const due = await runInDurableObject(follower(tenant, "s"), (_, { storage }) => storage.getAlarm());
      // Until the run ends it is the guard's.
      if (given.length < 3) expect(due).toBeGreaterThanOrEqual(begun + clock.aheadMs + 100_000);
    });
    clock.aheadMs += 200_000;
  }
  await fireFollower(tenant, "s");
  await until(async () => expect(await replayOf(tenant)).toMatchObject({ state: "done", delivered: 3 }));
});

it("stops at what has failed as often as it may, passes nothing over, and leaves the live way alone", async () => {
  const tenant = "replay-fails";
  await subscribe(tenant, "s");
  for (let n = 0; n < 3; n++) await write(tenant, "note-1");
  await written(tenant, 4);
  sinks.answer = ({ replay, event }) => (replay === "r" && event.position === 3 ? 500 : 204);
  await tell(tenant, "s", "StartReplay", { id: "r", from: 2, to: 4, rate: 1_000 });
  await until(async () => expect(await replayOf(tenant)).toMatchObject({ state: "stopped", position: 2, delivered: 1 }));
  expect(replayed()).toEqual([2, 3, 3, 3]);
  expect(sinks.received.filter(({ replay, event }) => replay === "r" && event.position === 3).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  await write(tenant, "note-1");
  await until(() => expect(sinks.received.at(-1)).toMatchObject({ replay: null, event: { version: 4 } }));
  expect(replayed()).toEqual([2, 3, 3, 3]);
});

it("disables the subscription where the sink says 410", async () => {
  const tenant = "replay-gone";
  await subscribe(tenant, "s");
  await write(tenant, "note-1");
  await written(tenant, 2);
  sinks.answer = ({ replay }) => (replay === "r" ? 410 : 204);
  await tell(tenant, "s", "StartReplay", { id: "r", from: 2, to: 2, rate: 1_000 });
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ state: "disabled" }));
  expect(replayed()).toEqual([2]);
});

it("goes on after a pause where it was, and gives nothing more once it is stopped", async () => {
  const tenant = "replay-paused";
  // Longer than who tells it something waits.
  await subscribe(tenant, "s", { timeoutMs: 30_000 });
  for (let n = 0; n < 5; n++) await write(tenant, "note-1");
  await written(tenant, 6);
  /** Tells it something while the sink has not answered for the last event of these yet. */
  const during = async (positions: readonly number[], name: string, data: object, state: string): Promise<void> => {
    await until(() => expect(replayed()).toEqual(positions));
    await tell(tenant, "s", name, data);
    gate.resolve();
    await until(async () => expect(await standing(tenant, "s")).toMatchObject(state === "paused" ? { state } : { replays: [{ state }] }));
    expect(replayed()).toEqual(positions);
  };
  let gate = Promise.withResolvers<void>();
  sinks.answer = async ({ event }) => {
    if (event.position % 2 === 1) await gate.promise;
    return 204;
  };
  await tell(tenant, "s", "StartReplay", { id: "r", from: 2, to: 6, rate: 1_000 });
  await during([2, 3], "Pause", {}, "paused");
  gate = Promise.withResolvers();
  await tell(tenant, "s", "Resume", {});
  await during([2, 3, 4, 5], "StopReplay", { id: "r" }, "stopped");
});
