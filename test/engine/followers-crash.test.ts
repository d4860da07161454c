import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AggregateObject } from "../../durable-objects/aggregate.ts";
import { circuitPort } from "../../durable-objects/circuit.ts";
import { append, dispatcher, draft, env } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe, tell } from "../support/followers.ts";

let sinks: Sinks;

beforeEach(() => {
  sinks = listen();
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (tenant: string, stream: string, count: number) =>
  append(
    tenant,
    stream,
    Array.from({ length: count }, () => draft("notes.Written", { text: "a" })),
  );
const got = (stream: string): readonly number[] => sinks.received.filter(({ event }) => event.stream === stream).map(({ event }) => event.version);
const inOrder = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The object is lost with all that it had in memory; what it has written stays. */
async function crash(tenant: string, id: string): Promise<void> {
  await runInDurableObject(follower(tenant, id), (_, state) => state.abort("lost")).catch(() => {});
}

it("an event that was under way when its follower was lost comes again, though a hundred behind it were delivered", async () => {
  const tenant = "crash-under-way";
  sinks.answer = ({ event }) => (event.stream === "note-slow" ? new Promise(() => {}) : 204);
  await subscribe(tenant, "s", { timeoutMs: 30_000 });
  // So that the alarm that is found afterwards is that of what comes now.
  await until(async () => expect(await fireFollower(tenant, "s")).toBe(false));
  await write(tenant, "note-slow", 2);
  await until(() => expect(got("note-slow")).toEqual([1]));
  for (let index = 0; index < 2; index++) await write(tenant, "note-quick", 65);
  await until(() => expect(got("note-quick")).toEqual(inOrder(130)));
  await crash(tenant, "s");
  sinks.answer = () => 204;
  expect(await fireFollower(tenant, "s")).toBe(true);
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ isIdle: true, retrying: 0 }));
  expect(got("note-slow")).toEqual([1, 1, 2]);
  expect(got("note-quick").at(-1)).toBe(130);
});

it("a stream whose event is being tried again is not overtaken by what comes after its follower was lost", async () => {
  const tenant = "crash-retrying";
  sinks.answer = ({ event }) => (event.stream === "note-1" && event.version === 1 ? 500 : 204);
  await subscribe(tenant, "s", { retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 1 } });
  await write(tenant, "note-1", 1);
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ parked: 1 }));
  await crash(tenant, "s");
  await write(tenant, "note-1", 2);
  await write(tenant, "note-2", 1);
  await until(() => expect(got("note-2")).toEqual([1]));
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ isIdle: true }));
  expect(got("note-1")).toEqual([1, 1, 1]);
  sinks.answer = () => 204;
  await tell(tenant, "s", "Redrive", { position: 2 });
  await until(() => expect(got("note-1")).toEqual([1, 1, 1, 1, 2, 3]));
});

/** A subscription that delivered an event, and was paused while its stream could not be read. */
async function pausedUnread(tenant: string): Promise<void> {
  await subscribe(tenant, "s");
  await write(tenant, "note-1", 1);
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
  const eventsAfter = vi.spyOn(AggregateObject.prototype, "eventsAfter").mockRejectedValue(new Error("not now"));
  await tell(tenant, "s", "Pause", {});
  // The log has it too, so the follower was told twice, and nobody tells it again.
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(3));
  eventsAfter.mockRestore();
}

/** What comes is not delivered until it is resumed. */
async function staysPaused(tenant: string): Promise<void> {
  await write(tenant, "note-1", 1);
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(4));
  await fireFollower(tenant, "s");
  expect(got("note-1")).toEqual([1]);
  expect(await standing(tenant, "s")).toMatchObject({ state: "paused" });
  await tell(tenant, "s", "Resume", {});
  await until(() => expect(got("note-1")).toEqual([1, 2]));
}

it("a pause that a follower could not read of is read of when its alarm goes off", async () => {
  await pausedUnread("told-unread");
  expect(await fireFollower("told-unread", "s")).toBe(true);
  await staysPaused("told-unread");
});

it("a pause that a follower could not read of holds, though the follower was lost before it could", async () => {
  await pausedUnread("told-lost");
  await crash("told-lost", "s");
  await staysPaused("told-lost");
});

it("a follower that was lost while its sink's circuit is open tries nothing when it is back", async () => {
  const tenant = "crash-open";
  sinks.answer = () => 500;
  await subscribe(tenant, "s", { retry: { maxAttempts: 100, minDelayMs: 1, maxDelayMs: 1 } });
  await write(tenant, "note-1", 1);
  await until(() => expect(sinks.received).not.toEqual([]));
  // As if they had failed later: so it stays open for as long as this test takes.
  const failures = Array.from({ length: 10 }, () => false);
  await circuitPort(env.CIRCUIT).record(tenant, "https://sink.example/s", failures, Date.now() + 50_000);
  await until(async () => {
    const before = sinks.received.length;
    await fireFollower(tenant, "s");
    expect(sinks.received).toHaveLength(before);
  });
  const before = sinks.received.length;
  await crash(tenant, "s");
  await fireFollower(tenant, "s");
  expect(sinks.received).toHaveLength(before);
  expect(await standing(tenant, "s")).toMatchObject({ retrying: 1, parked: 0 });
});
