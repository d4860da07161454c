import { expect, test, vi } from "vitest";
import { leavePlaces, takePlace } from "../../durable-objects/dispatcher/places.ts";
import { takePlace as askForPlace, WAITED_FOR } from "../../src/api/subscriptions/places.ts";

/** A tenant with a directory and subscriptions; its places are taken from what it has stored. */
function tenantWith(listed: readonly string[] = []) {
  const stored = new Map<string, unknown>();
  const kv = {
    list: () => [...stored],
    put: (key: string, value: unknown) => stored.set(key, value),
    delete: (key: string) => stored.delete(key),
  };
  const storage = { kv } as unknown as DurableObjectStorage;
  const states = new Map<string, object>();
  const views = {
    prepare: () => ({ bind: () => ({ first: async () => null, all: async () => ({ results: listed.map((id) => ({ id })) }) }) }),
  };
  const services = {
    shardOf: () => ({ views }),
    objectFor: (_: string, stream: string) => ({
      state: async () => ({ state: JSON.stringify(states.get(stream.replace("rivulet_subscription-", "")) ?? {}) }),
    }),
    dispatcherFor: () => ({
      takePlace: async (asked: Parameters<typeof takePlace>[1]) => takePlace(storage, asked, Date.now()),
      leavePlaces: async (ids: readonly string[]) => leavePlaces(storage, ids),
    }),
  };
  const ask = (id: string, subscriptions?: number) =>
    askForPlace(
      services as unknown as Parameters<typeof askForPlace>[0],
      { tenant: "acme", bounds: { isReadOnly: false, limits: { subscriptions } } } as never,
      id,
    );
  const take = (id: string, most: number, listed: readonly string[] = []) => takePlace(storage, { id, most, listed }, Date.now()).kind;
  return { ask, take, leave: (...ids: string[]) => leavePlaces(storage, ids), states, stored };
}

test("who asks again has the place already; there are never more than so many, with those in the directory", () => {
  const { take } = tenantWith();
  expect([take("a", 2), take("a", 2), take("b", 2, ["a"]), take("c", 2, ["a", "b"])]).toEqual(["taken", "held", "taken", "full"]);
  expect([take("c", 3, ["a", "b"]), take("d", 3, ["a", "b"]), take("b", 1, [])]).toEqual(["taken", "full", "held"]);
});

test("who has left makes room though the directory has it yet, and has to take a place again", () => {
  const { take, leave, stored } = tenantWith();
  expect([take("a", 1), take("b", 1, ["a"])]).toEqual(["taken", "full"]);
  leave("a");
  expect([take("b", 1, ["a"]), take("a", 1, [])]).toEqual(["taken", "full"]);
  expect([...stored.keys()]).toEqual(["place:b"]);
});

test("a place that was taken for a subscription that nobody came to make is free again after five minutes, and not before", async () => {
  vi.useFakeTimers();
  try {
    const { ask } = tenantWith();
    // Whoever asked for it was lost in a crash before he could make anything.
    expect(await ask("lost", 1)).toEqual({ isNew: true });
    vi.advanceTimersByTime(WAITED_FOR - 1);
    expect(((await ask("next", 1)) as Response).status).toBe(409);
    vi.advanceTimersByTime(1);
    expect(await ask("next", 1)).toEqual({ isNew: true });
  } finally {
    vi.useRealTimers();
  }
});

test("a place whose subscription is there stays taken though the directory is late, and one whose subscription is deleted does not", async () => {
  vi.useFakeTimers();
  try {
    const { ask, states } = tenantWith();
    await ask("made", 1);
    states.set("made", { settings: {}, status: "active" });
    vi.advanceTimersByTime(10 * WAITED_FOR);
    expect(((await ask("next", 1)) as Response).status).toBe(409);
    states.set("made", { status: "deleted" });
    expect(await ask("next", 1)).toEqual({ isNew: true });
  } finally {
    vi.useRealTimers();
  }
});

test("where no quota is set nobody is asked", async () => {
  const nobody = new Proxy({}, { get: () => expect.unreachable() });
  for (const bounds of [undefined, { isReadOnly: false }, { isReadOnly: false, limits: { eventsPerDay: 1 } }])
    expect(await askForPlace(nobody as never, { tenant: "acme", ...(bounds && { bounds }) }, "a")).toBeUndefined();
});
