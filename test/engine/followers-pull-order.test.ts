import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { append, dispatcher, draft, env, fireAlarm } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { follower, standing, subscribe, tell } from "../support/followers.ts";
import { clock } from "../support/worker.ts";

let tenant: string;
let count = 0;

beforeEach(() => {
  heal();
  tenant = `pull-order-${count++}`;
});
afterEach(() => {
  heal();
  clock.aheadMs = 0;
});

interface Given {
  readonly position: number;
  readonly attempt: number;
}

const HOUR = 3_600_000;
const once = { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 };
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const reached = (position: number) => until(async () => expect(await dispatcher(tenant).routed()).toBe(position));
/** A subscription that is pulled from, whose own event is the log's first. */
async function pulls(more: object = {}): Promise<void> {
  await subscribe(tenant, "s", { sink: { kind: "pull" }, retry: once, ...more });
  await reached(1);
}
async function lease(limit: number, leaseMs: number): Promise<readonly Given[]> {
  return ((await follower(tenant, "s").lease(limit, leaseMs)) as unknown as { readonly events: readonly Given[] }).events;
}
const next = async (limit = 10, leaseMs = HOUR): Promise<readonly number[]> => (await lease(limit, leaseMs)).map(({ position }) => position);
const acknowledge = (...positions: readonly number[]) => follower(tenant, "s").acknowledge(positions);
const refuse = (...positions: readonly number[]) => follower(tenant, "s").refuse(positions);
const letters = async (): Promise<readonly number[]> => {
  const { results } = await env.VIEWS_0.prepare("SELECT position FROM dead_letters WHERE tenant = ? ORDER BY position").bind(tenant).all<Given>();
  return results.map(({ position }) => position);
};
/** Appends so many events to one stream, which the log has then. */
async function write(stream: string, events: number): Promise<void> {
  const before = await dispatcher(tenant).routed();
  await append(
    tenant,
    stream,
    Array.from({ length: events }, () => draft("notes.Written", { text: "a" })),
  );
  await reached(before + events);
}

describe("what is told to a subscription while somebody pulls", () => {
  it("does not give to another what is being given away", async () => {
    await pulls();
    await write("note-1", 3);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let isAsked = false;
    faults.beforeBatch = async (database) => {
      if (database !== "log" || isAsked) return;
      isAsked = true;
      await held;
    };
    const first = next();
    await until(() => expect(isAsked).toBe(true));
    const told = tell(tenant, "s", "RedriveAll", { id: "run", filter: {} });
    await told;
    const second = next();
    release();
    expect([await first, await second]).toEqual([[2, 3, 4], []]);
  });
});

describe("of a stream that somebody pulls", () => {
  it("a dead letter that is redriven waits while what comes before it is somebody's", async () => {
    await pulls();
    await write("note-1", 3);
    expect(await next()).toEqual([2, 3, 4]);
    await refuse(3);
    await tell(tenant, "s", "Redrive", { position: 3 });
    expect(await next()).toEqual([]);
    await acknowledge(2);
    expect(await next()).toEqual([3]);
    await acknowledge(3, 4);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0 });
  });

  it("what is to come again is not left out for what comes after it and has had its attempts", async () => {
    await pulls({ retry: { maxAttempts: 2, minDelayMs: 1, maxDelayMs: 1 } });
    await write("note-1", 3);
    // The first two have one attempt each, and the first its second: it is a dead letter, and the next begins anew with it.
    expect(await next(2)).toEqual([2, 3]);
    await refuse(2, 3);
    clock.aheadMs += HOUR;
    expect(await next()).toEqual([2, 3, 4]);
    await refuse(2, 3, 4);
    await tell(tenant, "s", "Drop", { position: 2, reason: "a test" });
    clock.aheadMs += HOUR;
    expect(await lease(10, HOUR)).toMatchObject([
      { position: 3, attempt: 1 },
      { position: 4, attempt: 2 },
    ]);
    await refuse(3, 4);
    clock.aheadMs += HOUR;
    expect(await next()).toEqual([3, 4]);
    await acknowledge(3, 4);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, counts: { delivered: 2 } });
  });

  it("what was acknowledged beside a dead letter does not come again with it", async () => {
    await pulls();
    await write("note-1", 5);
    expect(await next()).toEqual([2, 3, 4, 5, 6]);
    await acknowledge(4);
    await refuse(2, 3);
    await acknowledge(5);
    await tell(tenant, "s", "Redrive", { position: 2 });
    expect(await next()).toEqual([2]);
    await acknowledge(2, 6);
    expect(await next()).toEqual([3]);
    await acknowledge(3);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, counts: { delivered: 5 } });
  });

  it("nor what was, when both had waited behind another", async () => {
    await pulls();
    await write("note-1", 3);
    expect(await next(1)).toEqual([2]);
    await refuse(2);
    expect(await next()).toEqual([]);
    await tell(tenant, "s", "Drop", { position: 2, reason: "a test" });
    expect(await next()).toEqual([3, 4]);
    await refuse(3);
    await acknowledge(4);
    await tell(tenant, "s", "Redrive", { position: 3 });
    expect(await next()).toEqual([3]);
    await acknowledge(3);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, counts: { delivered: 2 } });
  });

  it("what is wanted comes from behind a dead letter though much lies between that is not", async () => {
    await pulls({ filter: "event.version < 2 || event.version > 30" });
    await write("note-1", 31);
    expect(await next(1)).toEqual([2]);
    await refuse(2);
    expect(await next()).toEqual([]);
    await tell(tenant, "s", "Redrive", { position: 2 });
    expect(await next(1)).toEqual([2]);
    await acknowledge(2);
    expect(await next(1)).toEqual([32]);
  });
});

describe("a dead letter of one that is pulled", () => {
  it("that D1 did not take is no new attempt, and is there once D1 takes it", async () => {
    await pulls({ order: "none" });
    await write("note-1", 1);
    expect(await next()).toEqual([2]);
    faults.beforeQuery = (_, sql) => {
      if (sql.includes("INTO dead_letters")) throw new Error("D1_ERROR: Network connection lost.");
    };
    await refuse(2);
    heal();
    clock.aheadMs += HOUR;
    expect(await next()).toEqual([]);
    expect(await letters()).toEqual([2]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 1 });
  });
});

describe("a log that is set back behind what somebody has leased", () => {
  /** Of five events the first is somebody's, the others are done: the cursor stands before all of them. */
  async function setBack(): Promise<void> {
    await pulls();
    for (let n = 1; n <= 5; n++) await write(`note-${n}`, 1);
    expect(await next()).toEqual([2, 3, 4, 5, 6]);
    await acknowledge(3, 4, 5, 6);
    for (let n = 1; n <= 5; n++) await until(async () => expect(await fireAlarm(tenant, `note-${n}`)).toBe(false));
    await until(async () => expect(await fireAlarm(tenant, "rivulet_subscription-s")).toBe(false));
    for (const sql of [
      "DELETE FROM events WHERE tenant = ? AND position > 3",
      "DELETE FROM streams WHERE tenant = ? AND position > 3",
      "UPDATE heads SET position = 3 WHERE tenant = ?",
    ])
      await env.LOG_0.prepare(sql).bind(tenant).run();
  }

  it("is not taken for the one before: the follower says that it has stopped", async () => {
    await setBack();
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", reason: expect.stringContaining("The log is another one") });
  });

  it("nor once it has grown as long again", async () => {
    await setBack();
    for (let n = 1; n <= 4; n++) await append(tenant, `again-${n}`, [draft("notes.Written", { text: "b" })]);
    await until(async () => {
      const head = await env.LOG_0.prepare("SELECT position FROM heads WHERE tenant = ?").bind(tenant).first<Given>();
      expect(head?.position).toBe(7);
    });
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped" });
  });

  it("has no dead letters any more of what it does not have", async () => {
    await pulls();
    await write("note-1", 1);
    await write("note-2", 1);
    expect(await next()).toEqual([2, 3]);
    await refuse(2);
    await acknowledge(3);
    for (const name of ["note-1", "note-2", "rivulet_subscription-s"]) await until(async () => expect(await fireAlarm(tenant, name)).toBe(false));
    for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
    for (let n = 1; n <= 4; n++) await append(tenant, `again-${n}`, [draft("notes.Written", { text: "b" })]);
    await reached(4);
    expect(await next()).toEqual([]);
    await tell(tenant, "s", "Resume", {});
    await tell(tenant, "s", "Redrive", { position: 2 });
    expect([await next(), await next()]).toEqual([[], []]);
    expect(await letters()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, state: "active" });
  });

  /** The log is lost, and grows again without what it had. */
  async function lose(...streams: readonly string[]): Promise<void> {
    for (const name of [...streams, "rivulet_subscription-s"]) await until(async () => expect(await fireAlarm(tenant, name)).toBe(false));
    for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
    await append(tenant, "again-1", [draft("notes.Written", { text: "b" })]);
    await reached(1);
  }

  it("stops who refuses what it does not have, and the dead letter that it was goes with the log", async () => {
    await pulls();
    await write("note-1", 1);
    expect(await next()).toEqual([2]);
    await refuse(2);
    await tell(tenant, "s", "Redrive", { position: 2 });
    expect(await next()).toEqual([2]);
    await lose("note-1");
    await refuse(2);
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", reason: expect.stringContaining("log") });
    await tell(tenant, "s", "Resume", {});
    await next();
    expect(await letters()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, state: "active" });
  });

  it("ends a redrive of all that it does not have with one pull", async () => {
    await pulls({ order: "none" });
    await write("note-1", 6);
    expect(await next()).toEqual([2, 3, 4, 5, 6, 7]);
    await refuse(2, 3, 4, 5, 6, 7);
    await lose("note-1");
    // As far as it was, so that who resumes looks for each of them.
    await write("again-1", 6);
    await next();
    await tell(tenant, "s", "Resume", {});
    await tell(tenant, "s", "RedriveAll", { id: "run", filter: {} });
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, parked: 0, redrives: [{ state: "done", left: 0 }] });
    expect(await letters()).toEqual([]);
  });
});

describe("storage that fails while a lease that ran out is given up", () => {
  it("leaves the event to come again or among the dead letters, and never behind", async () => {
    await pulls({ order: "none" });
    await write("note-1", 2);
    expect(await next(10, 1_000)).toEqual([2, 3]);
    const inStorage = (statement: string) => runInDurableObject(follower(tenant, "s"), (_, { storage }) => void storage.sql.exec(statement));
    await inStorage("CREATE TRIGGER full BEFORE INSERT ON lanes_v1 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
    clock.aheadMs += 2_000;
    await expect(next()).rejects.toThrow("the disk is full");
    await inStorage("DROP TRIGGER full");
    expect(await next()).toEqual([]);
    expect(await letters()).toEqual([2, 3]);
  });
});
