import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AggregateObject } from "../../durable-objects/aggregate.ts";
import { append, dispatcher, draft } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe, tell } from "../support/followers.ts";

let sinks: Sinks;
let tenant: string;
let count = 0;

beforeEach(() => {
  sinks = listen();
  tenant = `told-${count++}`;
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (stream: string) => append(tenant, stream, [draft("notes.Written", {})]);
const got = (stream: string): readonly number[] => sinks.received.filter(({ event }) => event.stream === stream).map(({ event }) => event.version);
const inStorage = (statement: string) => runInDurableObject(follower(tenant, "s"), (_, state) => void state.storage.sql.exec(statement));

it("what came while a follower was paused comes once it is resumed, though an attempt was under way all the time and it could not read of either", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let attempts = 0;
  sinks.answer = async ({ event }) => {
    if (event.stream !== "note-slow") return 204;
    if (++attempts === 1) return 500;
    await held;
    return 204;
  };
  await subscribe(tenant, "s", { timeoutMs: 30_000 });
  await write("note-slow");
  await until(() => expect(attempts).toBe(2));
  await tell(tenant, "s", "Pause", {});
  await write("note-1");
  // The log has it before the dispatcher hears that it is to be told of such things again.
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(4));
  await tell(tenant, "s", "Resume", {});
  await write("note-2");
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(6));
  release();
  await until(() => expect([got("note-1"), got("note-2")]).toEqual([[1], [1]]));
});

it("what came while a follower was paused comes with what comes later, though it could read neither of the pause nor of its end", async () => {
  await subscribe(tenant, "s");
  await write("note-0");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(2));
  const unread = vi.spyOn(AggregateObject.prototype, "eventsAfter").mockRejectedValue(new Error("not now"));
  await tell(tenant, "s", "Pause", {});
  await write("note-1");
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(4));
  await tell(tenant, "s", "Resume", {});
  await write("note-2");
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(6));
  unread.mockRestore();
  await until(() => expect([got("note-1"), got("note-2")]).toEqual([[1], [1]]));
});

it("a follower that could not note that it has read what it was told goes on all the same", async () => {
  await subscribe(tenant, "s");
  await write("note-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
  await inStorage("CREATE TRIGGER full BEFORE DELETE ON kept_v1 WHEN OLD.key = 'heard' BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
  await tell(tenant, "s", "RedriveAll", { id: "run", filter: {} });
  await inStorage("DROP TRIGGER full");
  await fireFollower(tenant, "s");
  await write("note-1");
  await until(() => expect(got("note-1")).toEqual([1, 2]));
});

describe("a dead letter that D1 may have, though it has not answered, when its follower is paused", () => {
  const parking = async (): Promise<void> => {
    sinks.answer = () => 500;
    faults.beforeQuery = (_, sql) => {
      if (sql.includes("INTO dead_letters")) throw new Error("D1_ERROR: Network connection lost.");
    };
    await subscribe(tenant, "s", { retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } });
    await write("note-1");
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ retrying: 1, isIdle: true }));
    await tell(tenant, "s", "Pause", {});
    heal();
    sinks.answer = () => 204;
  };

  it("is dropped like any other", async () => {
    await parking();
    await tell(tenant, "s", "Drop", { position: 2, reason: "a test" });
    await write("note-1");
    await tell(tenant, "s", "Resume", {});
    await until(() => expect(got("note-1")).toEqual([1, 2]));
    expect(await standing(tenant, "s")).toMatchObject({ parked: 0 });
  });

  it("is redriven like any other", async () => {
    await parking();
    await tell(tenant, "s", "Redrive", { position: 2 });
    await tell(tenant, "s", "Resume", {});
    await until(() => expect(got("note-1")).toEqual([1, 1]));
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0 }));
  });
});
