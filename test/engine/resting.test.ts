import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BELIEVED } from "../../src/identity/believed.ts";
import { Resting } from "../../src/identity/resting.ts";
import { append, dispatcher, draft } from "../support/engine.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe } from "../support/followers.ts";
import { tellTenant } from "../support/tenants.ts";
import { clock, sinks as network } from "../support/worker.ts";

let sinks: Sinks;

beforeEach(() => {
  sinks = listen();
});
afterEach(() => {
  clock.aheadMs = 0;
  network.handle = async () => {};
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (tenant: string, stream: string, count: number, type = "notes.Written") =>
  append(
    tenant,
    stream,
    Array.from({ length: count }, () => draft(type, { text: "a" })),
  );
const versions = (): readonly number[] => sinks.received.map(({ event }) => event.version);
const alarmOf = (tenant: string, id: string, kind?: "handler") => runInDurableObject(follower(tenant, id, kind), (_, { storage }) => storage.getAlarm());

/** Suspended, or resumed, and five seconds gone. */
async function say(tenant: string, command: "Suspend" | "Resume"): Promise<void> {
  await tellTenant(tenant, command);
  clock.aheadMs += BELIEVED;
}

it("nothing of a suspended tenant is delivered, no attempt is counted, and all of it is when it is resumed, once and in order", async () => {
  const tenant = "rest-push";
  await tellTenant(tenant, "Create", { name: tenant });
  await subscribe(tenant, "s");
  await write(tenant, "note-1", 2);
  await until(() => expect(versions()).toEqual([1, 2]));
  await say(tenant, "Suspend");
  await write(tenant, "note-1", 3);
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(6));
  await until(async () => expect(await alarmOf(tenant, "s")).not.toBeNull());
  for (let looks = 0; looks < 3; looks++) {
    clock.aheadMs += 60_000;
    await fireFollower(tenant, "s");
  }
  expect(await standing(tenant, "s")).toMatchObject({ state: "active", retrying: 0, parked: 0, counts: { delivered: 2, failed: 0 } });
  expect(versions()).toEqual([1, 2]);
  await say(tenant, "Resume");
  clock.aheadMs += 300_000;
  expect(await fireFollower(tenant, "s")).toBe(true);
  await until(() => expect(versions()).toEqual([1, 2, 3, 4, 5]));
  expect(sinks.received.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
});

it("a follower that is at work stops five seconds after its tenant was suspended, and what waits for its next attempt waits on", async () => {
  const tenant = "rest-midway";
  await tellTenant(tenant, "Create", { name: tenant });
  sinks.answer = async ({ event }) => {
    if (event.version === 3) await say(tenant, "Suspend");
    return event.stream === "note-bad" ? 500 : 204;
  };
  await subscribe(tenant, "s", { concurrency: 1, retry: { maxAttempts: 5, minDelayMs: 100, maxDelayMs: 100 } });
  await write(tenant, "note-bad", 1);
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ retrying: 1 }));
  await write(tenant, "note-1", 20);
  await until(() => expect(versions()).toContain(3));
  const before = sinks.received.length;
  for (let looks = 0; looks < 3; looks++) {
    clock.aheadMs += 10_000;
    await fireFollower(tenant, "s");
  }
  expect(sinks.received.length).toBe(before);
  sinks.answer = () => 204;
  await say(tenant, "Resume");
  clock.aheadMs += 300_000;
  await until(async () => {
    await fireFollower(tenant, "s");
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, counts: { delivered: 21 } });
  });
  expect(sinks.received.filter(({ event }) => event.stream === "note-1").map(({ event }) => event.version)).toEqual(
    Array.from({ length: 20 }, (_, n) => n + 1),
  );
});

it("no handler runs for a suspended tenant, and every event is handled when it is resumed", async () => {
  const tenant = "rest-handler";
  const handled: number[] = [];
  network.handle = async ({ version }) => void handled.push(version);
  await tellTenant(tenant, "Create", { name: tenant });
  await write(tenant, "thing-1", 1, "handled.Thing");
  await until(() => expect(handled).toEqual([1]));
  await say(tenant, "Suspend");
  await write(tenant, "thing-1", 2, "handled.Thing");
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(3));
  await until(async () => expect(await alarmOf(tenant, "tested", "handler")).not.toBeNull());
  clock.aheadMs += 60_000;
  await fireFollower(tenant, "tested", "handler");
  expect(handled).toEqual([1]);
  await say(tenant, "Resume");
  clock.aheadMs += 300_000;
  await until(async () => {
    await fireFollower(tenant, "tested", "handler");
    expect(handled).toEqual([1, 2, 3]);
  });
});

it("a tenant is looked at once in five seconds, by all that work for it; the default one never; and a look that fails stops nobody", async () => {
  let now = 1_000_000;
  let looks = 0;
  const state = { isSuspended: false, isDown: false, since: new Date(now).toISOString() };
  const read = async () => {
    looks++;
    if (state.isDown) throw new Error("down");
    return { isSuspended: state.isSuspended, since: state.since };
  };
  const resting = new Resting(() => now);
  expect(resting.until("default", read)).toBe(0);
  expect(await resting.until("acme", read)).toBe(0);
  for (let event = 0; event < 1_000; event++) expect(resting.until("acme", read)).toBe(0);
  expect(looks).toBe(1);
  state.isSuspended = true;
  now += BELIEVED;
  // As long as it has rested, so that what rests for long looks seldom.
  expect(await resting.until("acme", read)).toBe(now + 5_000);
  now += 60_000;
  expect(await resting.until("acme", read)).toBe(now + 65_000);
  now += 86_400_000;
  expect(await resting.until("acme", read)).toBe(now + 300_000);
  now += BELIEVED;
  state.isDown = true;
  expect(await resting.until("acme", read)).toBe(0);
  expect(looks).toBe(5);
});
