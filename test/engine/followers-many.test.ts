import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Route, Router } from "../../durable-objects/dispatcher/router.ts";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { FollowerObject } from "../../durable-objects/follower.ts";
import { append, deliver, dispatcher, draft } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { listen, type Sinks, standing, subscribe } from "../support/followers.ts";

let sinks: Sinks;

beforeEach(() => {
  sinks = listen();
  faults.captured = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const project = async (): Promise<void> => {
  await deliver(faults.captured?.splice(0) ?? []);
};

/**
 * A tenant with two subscriptions of notes, and so many more of other types, which stand in the dispatcher's storage as it has learnt
 * them: to make them all takes minutes.
 */
async function tenantOf(tenant: string, others: number): Promise<void> {
  await subscribe(tenant, "one", { types: ["notes.#"] });
  await subscribe(tenant, "other", { types: ["notes.Written"], order: "none" });
  await runInDurableObject(dispatcher(tenant), (_, { storage }) => {
    for (let n = 0; n < others; n++) {
      const route: Route = { types: [`kind${n}.#`], priority: "normal", partitions: 1, after: 0, isPushed: true };
      storage.kv.put(`follower:subscription:s${n}`, route);
    }
  });
  await evictDurableObject(dispatcher(tenant));
  await append(tenant, "note-1", [draft("notes.Written", { text: "first" })]);
  await project();
  for (const id of ["one", "other"]) await until(async () => expect(await standing(tenant, id)).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
}

/** What one batch of 100 events, one of them of a kind that one of the others wants, costs a tenant. */
async function batchFor(tenant: string, others: number): Promise<{ readonly told: number; readonly woken: readonly string[]; readonly statements: number }> {
  await tenantOf(tenant, others);
  sinks.received.length = 0;
  for (let stream = 0; stream < 10; stream++) {
    const type = (index: number): string => (stream === 9 && index === 9 ? "kind9.Happened" : "notes.Written");
    await append(
      tenant,
      `note-${stream}`,
      Array.from({ length: 10 }, (_, index) => draft(type(index), { text: "b" })),
    );
  }
  const advanced = vi.spyOn(DispatcherObject.prototype, "advanced");
  const wake = vi.spyOn(FollowerObject.prototype, "wake");
  const before = faults.statements;
  await project();
  await until(() => expect(sinks.received).toHaveLength(198));
  for (const id of ["one", "other"]) await until(async () => expect(await standing(tenant, id)).toMatchObject({ counts: { delivered: 100 }, isIdle: true }));
  const woken = wake.mock.contexts.map((object) => (object as unknown as { readonly ctx: DurableObjectState }).ctx.id.name?.split("/")[1] ?? "");
  const found = { told: advanced.mock.calls.length, woken: woken.toSorted(), statements: faults.statements - before };
  vi.restoreAllMocks();
  return found;
}

it("a batch of 100 events costs a tenant with 1,000 subscriptions one call, the followers that it is for, and no read more than one with 10", async () => {
  const few = await batchFor("few", 10);
  const many = await batchFor("many", 1_000);
  expect(few).toMatchObject({ told: 1, woken: ["subscription:one", "subscription:other", "subscription:s9"] });
  expect(many).toEqual(few);
});

it("one of many followers that could not be told is told again, though all after it were told: nothing counts as told before", async () => {
  const tenant = "untold";
  const route: Route = { types: ["#"], priority: "normal", partitions: 1, after: 0, isPushed: true };
  const told: string[] = [];
  const lost = new Set(["subscription:s0"]);
  await runInDurableObject(dispatcher(tenant), async (_, { storage }) => {
    // More than are called at a time.
    for (let n = 0; n < 60; n++) storage.kv.put(`follower:subscription:s${n}`, route);
    const router = new Router(storage, tenant, {
      handlers: new Map(),
      routed: async (_, after) => ({
        position: 1,
        epoch: "e",
        entryAt: null,
        events: after === 0 ? [{ position: 1, type: "notes.Written", stream: "note-1", entry: "mark" }] : [],
      }),
      followerOf: () => undefined,
      route: async () => route,
      wake: async (_, follower) => {
        if (lost.delete(follower)) throw new Error("not now");
        told.push(follower);
      },
      told: async () => {},
    });
    await expect(router.route(() => undefined)).rejects.toThrow("not now");
    expect([router.position, told.length]).toEqual([0, 59]);
    await router.route(() => undefined);
    expect([router.position, told.length, new Set(told).size]).toEqual([1, 119, 60]);
  });
});
