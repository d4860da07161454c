import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CircuitObject } from "../../durable-objects/circuit.ts";
import { MOST_PARKED } from "../../durable-objects/follower/contract.ts";
import type { Lane } from "../../durable-objects/follower/follower-store.ts";
import { append, draft } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe, tell } from "../support/followers.ts";
import { sinks as code } from "../support/worker.ts";

let sinks: Sinks;

beforeEach(() => {
  heal();
  sinks = listen();
});
afterEach(() => {
  vi.restoreAllMocks();
  code.handle = async () => {};
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (tenant: string, stream: string, type = "notes.Written", data: unknown = { text: "a" }) => append(tenant, stream, [draft(type, data)]);

describe("deliveries that are open at a time", () => {
  /** The most that were, where each takes a while and so many streams have an event; of each the first attempt fails, where that is asked for. */
  async function mostOpen(tenant: string, concurrency: number, { streams, isFailing = false }: { readonly streams: number; readonly isFailing?: boolean }) {
    let [open, most, failed] = [0, 0, 0];
    sinks.answer = async ({ attempt }) => {
      if (isFailing && attempt === 1) {
        failed++;
        return 500;
      }
      most = Math.max(most, ++open);
      await scheduler.wait(50);
      open--;
      return 204;
    };
    const retry = isFailing ? { maxAttempts: 5, minDelayMs: 200, maxDelayMs: 200 } : { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 1 };
    await subscribe(tenant, "s", { concurrency, retry });
    for (let n = 0; n < streams; n++) await write(tenant, `note-${n}`);
    await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: streams }, retrying: 0 }));
    expect(failed).toBe(isFailing ? streams : 0);
    return most;
  }

  it("are no more than the subscription wants", async () => {
    expect(await mostOpen("open-one", 1, { streams: 6 })).toBe(1);
    expect(await mostOpen("open-two", 2, { streams: 8 })).toBe(2);
  });

  it("are no more than that of what is tried again either", async () => {
    expect(await mostOpen("open-again", 2, { streams: 8, isFailing: true })).toBe(2);
  });
});

it("a sink that says when to come again is left alone until then, however short the subscription's own delays are", async () => {
  const tenant = "retry-after";
  const begun = Date.now();
  sinks.answer = () => new Response(null, { status: 503, headers: { "retry-after": "120" } });
  await subscribe(tenant, "s", { retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 1 } });
  await write(tenant, "note-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ retrying: 1 }));
  await until(async () => {
    const due = await runInDurableObject(follower(tenant, "s"), (_, { storage }) => storage.getAlarm());
    // Until the run ends it is the guard's.
    if ((due ?? 0) < begun + 120_000) await fireFollower(tenant, "s");
    expect(due).toBeGreaterThanOrEqual(begun + 120_000);
  });
  expect(sinks.received).toHaveLength(1);
});

it("what a filter cannot judge is a dead letter at once: another attempt would not help, and nothing was sent", async () => {
  const tenant = "not-judged";
  // As code would find it that knows this filter no more.
  await subscribe(tenant, "s", { filter: "event.data.stars >" });
  await write(tenant, "note-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ parked: 1, counts: { delivered: 0, failed: 1, parked: 1 } }));
  expect((await standing(tenant, "s")).attempts.map(({ error }) => error)).toEqual([expect.stringContaining("The filter is not valid any more")]);
  expect(sinks.received).toEqual([]);
});

it.each([
  ["asked", "admit"],
  ["told", "record"],
] as const)("a circuit that cannot be %s holds nothing back", async (_, verb) => {
  const tenant = `circuit-${verb}`;
  vi.spyOn(CircuitObject.prototype, verb).mockImplementation(() => {
    throw new Error("not now");
  });
  let failures = 2;
  sinks.answer = () => (failures-- > 0 ? 500 : 204);
  await subscribe(tenant, "s");
  await write(tenant, "note-1");
  await write(tenant, "note-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ counts: { delivered: 2, failed: 2, parked: 0 }, retrying: 0, isIdle: true }));
  expect(sinks.received.map(({ event, attempt }) => [event.version, attempt])).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
  ]);
});

it(`a follower carries ${MOST_PARKED} dead letters; with one more it stops and says so, and goes on once it is resumed`, async () => {
  const tenant = "most-parked";
  await subscribe(tenant, "s", { retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } });
  sinks.answer = ({ event }) => (event.stream.startsWith("bad-") ? 500 : 204);
  await write(tenant, "bad-0");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ parked: 1, state: "active", isIdle: true }));
  // As if there had been so many: to park them all takes a while.
  await runInDurableObject(follower(tenant, "s"), (_, { storage }) => {
    const [{ value = "" } = {}] = storage.sql.exec<{ value: string }>("SELECT value FROM lanes_v1").toArray();
    for (let n = 1; n < MOST_PARKED; n++) {
      const lane = { ...(JSON.parse(value) as Lane), key: `old-${n}`, stream: `old-${n}` };
      storage.sql.exec("INSERT INTO lanes_v1 (key, value) VALUES (?, ?)", lane.key, JSON.stringify(lane));
    }
  });
  await evictDurableObject(follower(tenant, "s"));
  await write(tenant, "well-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ parked: MOST_PARKED, state: "active", counts: { delivered: 1 } }));
  await write(tenant, "bad-1");
  await until(async () =>
    expect(await standing(tenant, "s")).toMatchObject({ parked: MOST_PARKED + 1, state: "stopped", reason: expect.stringContaining(`${MOST_PARKED}`) }),
  );
  await write(tenant, "well-1");
  await fireFollower(tenant, "s");
  expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", counts: { delivered: 1 } });
  await tell(tenant, "s", "Resume", {});
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ state: "active", counts: { delivered: 2 } }));
});

it("a handler that fails ten times in a row is said to be failing, and is well again at the first success; failures between successes are not counted together", async () => {
  const tenant = "ten-in-a-row";
  code.handle = async ({ type }) => {
    if (type === "handled.Bad") throw new Error("not this one");
  };
  const health = async () => (await standing(tenant, "tested", "handler")).health;
  const failed = (count: number) =>
    until(async () => expect(await standing(tenant, "tested", "handler")).toMatchObject({ counts: { failed: count }, retrying: 0, isIdle: true }));
  // Three attempts each: nine, a success, and three more.
  for (let n = 0; n < 3; n++) await write(tenant, `bad-${n}`, "handled.Bad");
  await failed(9);
  await write(tenant, "well-0", "handled.Well");
  await until(async () => expect(await standing(tenant, "tested", "handler")).toMatchObject({ counts: { delivered: 1 } }));
  await write(tenant, "bad-3", "handled.Bad");
  await failed(12);
  expect(await health()).toBe("degraded");
  for (let n = 4; n < 7; n++) await write(tenant, `bad-${n}`, "handled.Bad");
  await failed(21);
  expect(await health()).toBe("failing");
  await write(tenant, "well-1", "handled.Well");
  await until(async () => expect(await health()).toBe("degraded"));
});
