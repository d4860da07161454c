import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FollowerObject } from "../../durable-objects/follower.ts";
import { type Start, startAt } from "../../src/api/subscriptions/start.ts";
import type { Services } from "../../src/api/services.ts";
import { append, dispatcher, draft, env, stub, wholeLog } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe } from "../support/followers.ts";
import { setLogBack } from "../support/log-set-back.ts";
import { sinks as handled } from "../support/worker.ts";

let sinks: Sinks;
let tenant: string;
let count = 0;
let release: () => void;
let held: Promise<void>;

beforeEach(() => {
  sinks = listen();
  tenant = `follower-set-back-${count++}`;
  ({ promise: held, resolve: release } = Promise.withResolvers<void>());
});
afterEach(() => {
  release();
  vi.restoreAllMocks();
  handled.handle = async () => {};
  heal();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const routedTo = (position: number) => until(async () => expect(await dispatcher(tenant).routed()).toBe(position));
const got = (stream: string): readonly number[] => sinks.received.filter(({ event }) => event.stream === stream).map(({ event }) => event.version);

/** Brings events into the log, and waits until it has them. */
async function write(stream: string, { type = "notes.Written", count = 1 }: { readonly type?: string; readonly count?: number } = {}): Promise<void> {
  const drafts = Array.from({ length: count }, () => draft(type, { text: "a" }));
  await append(tenant, stream, drafts);
  const logged = async () => (await wholeLog(tenant)).filter((event) => event.stream === stream);
  await until(async () => expect((await logged()).length).toBeGreaterThanOrEqual(count));
}

/** Where a subscription would begin, as the API fixes it. */
async function startIn(from: "now" | number): Promise<Start> {
  return (await startAt({ shardOf: () => ({ log: env.LOG_0 }) } as unknown as Services, tenant, from)) as Start;
}

/** What the tenant's dispatcher says to followers reaches them only once that is let through; gives how often it was said, and heard. */
function slowly(method: "wake" | "told", letThrough = held): { said: number; heard: number } {
  const real = FollowerObject.prototype[method] as (...args: unknown[]) => Promise<void>;
  const counts = { said: 0, heard: 0 };
  const own = tenant;
  vi.spyOn(FollowerObject.prototype, method).mockImplementation(async function (this: FollowerObject, ...args: unknown[]) {
    const { ctx } = this as unknown as { readonly ctx: DurableObjectState };
    // Those of another test may still be about.
    if (!ctx.id.name?.startsWith(`${own}/`)) return real.apply(this, args);
    counts.said++;
    await letThrough;
    await real.apply(this, args);
    counts.heard++;
  });
  return counts;
}

/** The streams are forgotten: else their alarms would bring there again what the log lacks. */
async function setBack(position: number): Promise<void> {
  const streams = new Set((await wholeLog(tenant)).map(({ stream }) => stream));
  for (const stream of streams) await runInDurableObject(stub(tenant, stream), (_, { storage }) => storage.deleteAlarm());
  await setLogBack(tenant, position);
}

describe("a log that is set back, and grows again, while a follower is woken of what it was", () => {
  it("stops a handler that was to begin there: what stands before that now is not left out in silence", async () => {
    const of: string[] = [];
    handled.handle = async ({ stream }) => void of.push(stream);
    await write("note-1");
    await routedTo(1);
    const wakes = slowly("wake");
    await write("one-1", { type: "handled.One" });
    await until(() => expect(wakes.said).toBe(1));
    await setBack(0);
    await write("other-1", { type: "handled.One" });
    await write("other-2", { type: "handled.One" });
    release();
    // Asked before, it would take itself for one that begins with the log.
    await until(() => expect(wakes.heard).toBeGreaterThan(0));
    await until(async () =>
      expect(await standing(tenant, "tested", "handler")).toMatchObject({ state: "stopped", reason: expect.stringContaining("another event") }),
    );
    expect(of).toEqual([]);
  });

  it("leaves a follower that stands before that where it is: it gets what the log has now", async () => {
    await subscribe(tenant, "s");
    await write("note-1");
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
    await routedTo(2);
    await write("other-1", { type: "other.Written" });
    await routedTo(3);
    const wakes = slowly("wake");
    await write("note-2");
    await until(() => expect(wakes.said).toBe(1));
    await setBack(2);
    await write("note-3");
    await write("note-4");
    release();
    await until(() => expect([got("note-3"), got("note-4")]).toEqual([[1], [1]]));
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ state: "active", isIdle: true, counts: { delivered: 3 } }));
  });
});

describe("a log that is set back, and grows again, while a follower", () => {
  it("has yet to begin where it is to: it stops", async () => {
    await write("note-1", { count: 3 });
    const start = await startIn("now");
    expect(start.after).toBe(3);
    slowly("wake");
    const told = slowly("told");
    const made = subscribe(tenant, "s", start);
    await until(() => expect(told.said).toBeGreaterThan(0));
    await setBack(1);
    await write("note-2", { count: 3 });
    release();
    await made;
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", reason: expect.stringContaining("another event") }));
  });

  it("is pulled, and nobody has pulled yet: it stops", async () => {
    await write("note-1", { count: 3 });
    await subscribe(tenant, "s", { sink: { kind: "pull" }, ...(await startIn(3)) });
    await setBack(1);
    await write("note-2", { count: 3 });
    expect(await follower(tenant, "s").lease(10, 1_000)).toMatchObject({ events: [] });
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped" });
  });

  it("delivers what it has read already stops it before it reads on", async () => {
    sinks.answer = () => held.then(() => 204);
    await subscribe(tenant, "s", { timeoutMs: 30_000 });
    await write("note-1", { count: 210 });
    await until(() => expect(sinks.received).toHaveLength(1));
    await routedTo(211);
    const { promise: unheard, resolve: hear } = Promise.withResolvers<void>();
    slowly("wake", unheard);
    await setBack(100);
    await write("note-2", { count: 120 });
    release();
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", reason: expect.stringContaining("another event") }));
    hear();
    expect(got("note-2")).toEqual([]);
  });

  it("is gone, that had come by much that was not for it: it goes on behind what it was given", async () => {
    sinks.answer = ({ event }) => (event.stream === "note-slow" ? new Promise(() => {}) : held.then(() => 204));
    await subscribe(tenant, "s", { timeoutMs: 30_000 });
    await write("note-1");
    await until(() => expect(sinks.received).toHaveLength(1));
    await write("other-1", { type: "other.Written", count: 110 });
    await write("note-slow");
    await until(() => expect(got("note-slow")).toEqual([1]));
    release();
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: 1 } }));
    await scheduler.wait(100);
    await runInDurableObject(follower(tenant, "s"), (_, state) => state.abort("lost")).catch(() => {});
    ({ promise: held, resolve: release } = Promise.withResolvers<void>());
    slowly("wake");
    await setBack(50);
    await write("note-2", { count: 70 });
    sinks.answer = () => 204;
    await fireFollower(tenant, "s");
    await until(() => expect(got("note-2")).toHaveLength(70));
  });
});
