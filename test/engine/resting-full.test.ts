import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BELIEVED } from "../../src/identity/believed.ts";
import { Resting } from "../../src/identity/resting.ts";
import type { SagaState } from "../../src/sagas/state.ts";
import { commandTo } from "../../src/kernel/index.ts";
import { inventory } from "../../src/domains/commerce/index.ts";
import { append, dispatcher, draft, fireAlarm, send, stateOf } from "../support/engine.ts";
import { fireFollower, listen, type Sinks, standing, subscribe } from "../support/followers.ts";
import { tellTenant } from "../support/tenants.ts";
import { clock, sinks as network } from "../support/worker.ts";

const DAY = 86_400_000;
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

/** These limits from now on, and five seconds gone, so that nobody believes others. */
async function bound(tenant: string, limits: object): Promise<void> {
  await tellTenant(tenant, "Bound", { limits, isReadOnly: false });
  clock.aheadMs += BELIEVED;
}

/** A handler that writes an event for each that it gets. */
function handles(): number[] {
  const handled: number[] = [];
  network.handle = async ({ version }) => {
    handled.push(version);
    return [commandTo(inventory, "tea", "Receive", { quantity: 1 })];
  };
  return handled;
}

it.each([
  ["of events a day", { eventsPerDay: 2 }, { eventsPerDay: 1_000 }],
  ["of storage", { storageBytes: 100 }, { storageBytes: 1_000_000 }],
])(
  "while the quota %s is full handlers wait, nothing of theirs is counted as failed or parked, and they go on when it is raised",
  async (name, full, raised) => {
    const tenant = `full-${name.replaceAll(" ", "-")}`;
    await tellTenant(tenant, "Create", { name: tenant });
    const handled = handles();
    await write(tenant, "thing-1", 1, "handled.Thing");
    await until(async () => expect(await stateOf(tenant, "inventory-tea")).toMatchObject({ available: 1 }));
    await until(async () => expect(await dispatcher(tenant).routed()).toBe(2));
    await bound(tenant, full);
    await subscribe(tenant, "s", { types: ["handled.#"] });
    await write(tenant, "thing-1", 3, "handled.Thing");
    // What is sent out writes nothing to the log: it goes on.
    await until(() => expect(sinks.received).toHaveLength(4));
    await until(async () => expect(await dispatcher(tenant).routed()).toBeGreaterThanOrEqual(5));
    for (let looks = 0; looks < 3; looks++) {
      clock.aheadMs += 60_000;
      await fireFollower(tenant, "tested", "handler");
    }
    expect(handled).toEqual([1]);
    expect(await standing(tenant, "tested", "handler")).toMatchObject({
      state: "active",
      retrying: 0,
      parked: 0,
      counts: { delivered: 1, failed: 0, parked: 0 },
    });
    await bound(tenant, raised);
    clock.aheadMs += 60_000;
    await until(async () => {
      await fireFollower(tenant, "tested", "handler");
      expect(handled).toEqual([1, 2, 3, 4]);
    });
    await until(async () => expect(await stateOf(tenant, "inventory-tea")).toMatchObject({ available: 4 }));
  },
);

it("handlers that waited for room in their tenant's day go on in the next one", async () => {
  const tenant = "full-till-midnight";
  await tellTenant(tenant, "Create", { name: tenant });
  const handled = handles();
  await bound(tenant, { eventsPerDay: 1 });
  await write(tenant, "thing-1", 1, "handled.Thing");
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(1));
  await fireFollower(tenant, "tested", "handler");
  expect(handled).toEqual([]);
  clock.aheadMs += DAY;
  await until(async () => {
    await fireFollower(tenant, "tested", "handler");
    expect(handled).toEqual([1]);
  });
});

it("a saga that is under way waits while its tenant's quota is full, and goes on where it was", async () => {
  const tenant = "full-saga";
  await tellTenant(tenant, "Create", { name: tenant });
  await send(tenant, "inventory-tea", "Receive", { quantity: 10 });
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(1));
  await bound(tenant, { eventsPerDay: 1 });
  const saga = "saga_order_fulfilment-o1";
  const data = { orderId: "o1", totalCents: 200, currency: "EUR", goods: [{ sku: "tea", quantity: 2 }] };
  await send(tenant, saga, "Start", { data });
  for (let looks = 0; looks < 3; looks++) {
    clock.aheadMs += 60_000;
    await fireAlarm(tenant, saga);
  }
  expect(await stateOf(tenant, "inventory-tea")).toMatchObject({ available: 10, reserved: 0 });
  expect(await stateOf<SagaState>(tenant, saga)).toMatchObject({ status: "running" });
  await bound(tenant, { eventsPerDay: 1_000 });
  clock.aheadMs += 60_000;
  await until(async () => {
    await fireAlarm(tenant, saga);
    expect(await stateOf(tenant, "payment-o1")).toMatchObject({ status: "requested" });
  });
  expect(await stateOf(tenant, "inventory-tea")).toMatchObject({ available: 8, reserved: 2 });
});

it("a tenant that has no room is looked at after a minute, or at midnight (UTC), once in five seconds by all that write for it", async () => {
  let now = 10 * DAY;
  let looks = 0;
  const read = async () => {
    looks++;
    return { isSuspended: false, isFull: true };
  };
  const resting = new Resting(() => now);
  expect(await resting.until("acme", read)).toBe(now + 60_000);
  for (let event = 0; event < 1_000; event++) expect(resting.until("acme", read)).toBe(now + 60_000);
  expect(looks).toBe(1);
  now = 11 * DAY - 10_000;
  expect(await resting.until("acme", read)).toBe(11 * DAY);
  expect(looks).toBe(2);
});
