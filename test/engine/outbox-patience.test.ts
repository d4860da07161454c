import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FIRST_LOOK, LONGEST_PATIENCE } from "../../durable-objects/aggregate/outbox.ts";
import { unpackHint } from "../../src/kernel/index.ts";
import { append, deliver, draft, fireAlarm, stub } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { clock } from "../support/worker.ts";

/** How long (milliseconds) a send may take until it is left to itself. */
const SEND_TIMEOUT = 5_000;
/** The clock of a test stands still, an hour ahead, so that no alarm goes off by itself. */
let now: number;

beforeEach(() => {
  faults.captured = [];
  const begun = Date.now();
  now = begun + 3_600_000;
  vi.spyOn(Date, "now").mockReturnValue(begun);
  clock.aheadMs = 3_600_000;
});
afterEach(() => {
  clock.aheadMs = 0;
  heal();
  vi.restoreAllMocks();
});

const pass = (ms: number): void => {
  clock.aheadMs += ms;
  now += ms;
};
const add = (tenant: string, stream: string) => append(tenant, stream, [draft("notes.Added", {})]);
const sent = (): readonly string[] => faults.captured?.splice(0) ?? [];
/** In how many milliseconds the alarm goes off. */
const pause = async (tenant: string, stream: string): Promise<number | null> => {
  const at = await runInDurableObject(stub(tenant, stream), (_, { storage }) => storage.getAlarm());
  return at && at - now;
};
const down = (): void => {
  faults.beforeQuery = () => {
    throw new Error("D1_ERROR: overloaded");
  };
};
const looks = async (tenant: string, times: number): Promise<readonly (number | null)[]> => {
  const found: (number | null)[] = [];
  for (let nth = 0; nth < times; nth++) {
    await fireAlarm(tenant, "note-1");
    found.push(await pause(tenant, "note-1"));
  }
  return found;
};

test("the pauses of a stream that the log lacks double up to five minutes, and begin anew once it was there", async () => {
  const tenant = "patience-1";
  await add(tenant, "note-1");
  const messages = sent();
  expect(await pause(tenant, "note-1")).toBe(FIRST_LOOK);
  down();
  expect(await looks(tenant, 8)).toEqual([6_000, 12_000, 24_000, 48_000, 96_000, 192_000, LONGEST_PATIENCE, LONGEST_PATIENCE]);
  faults.beforeQuery = () => {};
  await deliver(messages);
  expect(await looks(tenant, 1)).toEqual([null]);
  await add(tenant, "note-1");
  expect(await pause(tenant, "note-1")).toBe(FIRST_LOOK);
  down();
  expect(await looks(tenant, 2)).toEqual([6_000, 12_000]);
});

test("an object that was evicted between two looks is as patient as the log has been behind for long", async () => {
  const tenant = "patience-2";
  await add(tenant, "note-1");
  down();
  pass(100_000);
  await evictDurableObject(stub(tenant, "note-1"));
  expect(await looks(tenant, 2)).toEqual([100_000, 200_000]);
  pass(1_000_000);
  await evictDurableObject(stub(tenant, "note-1"));
  expect(await looks(tenant, 1)).toEqual([LONGEST_PATIENCE]);
});

test("what waits in line is looked at again after three seconds, however near its turn is", async () => {
  const tenant = "patience-3";
  await add(tenant, "other-1");
  await deliver(sent());
  pass(1);
  await add(tenant, "note-1");
  expect(await looks(tenant, 1)).toEqual([FIRST_LOOK]);
});

test("a stream that the log has is let go with one question", async () => {
  const tenant = "patience-6";
  await add(tenant, "note-1");
  await deliver(sent());
  const asked: string[] = [];
  faults.beforeQuery = (database, sql) => void asked.push(`${database}: ${/FROM \w+/.exec(sql)?.[0]}`);
  expect(await looks(tenant, 1)).toEqual([null]);
  expect(asked).toEqual(["log: FROM streams"]);
});

test("a send that hangs keeps no alarm: it is left to itself, and the next look is armed", async () => {
  const tenant = "patience-4";
  await add(tenant, "note-1");
  sent();
  let sends = 0;
  faults.beforeSend = () => {
    sends++;
    return new Promise(() => {});
  };
  const timers = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms?: number) => timers(work, ms === SEND_TIMEOUT ? 0 : ms)) as typeof setTimeout);
  expect(await looks(tenant, 2)).toEqual([6_000, 12_000]);
  expect(sends).toBe(2);
});

test("hints that the queue did not take are sent again by the first look, though those before them were taken and the log moves", async () => {
  const tenant = "patience-5";
  await add(tenant, "note-1");
  const [first = ""] = sent();
  pass(1);
  await add(tenant, "other-1");
  faults.beforeSend = () => {
    throw new Error("the queue is away");
  };
  pass(1);
  await add(tenant, "note-1");
  faults.beforeSend = () => {};
  await deliver([first]);
  sent();
  await fireAlarm(tenant, "note-1");
  expect(sent().map(unpackHint)).toMatchObject([{ stream: "note-1", head: { version: 2 }, events: [] }]);
});
