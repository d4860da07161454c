import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { append, dispatcher, draft, env, fireAlarm } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { follower, standing, subscribe, tell } from "../support/followers.ts";
import { clock } from "../support/worker.ts";

let tenant: string;
let count = 0;

beforeEach(() => {
  heal();
  tenant = `pull-${count++}`;
});
afterEach(() => {
  clock.aheadMs = 0;
});

interface Given {
  readonly event: string;
  readonly position: number;
  readonly attempt: number;
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const reached = (position: number) => until(async () => expect(await dispatcher(tenant).routed()).toBe(position));
/** A subscription that is pulled from, whose own event is the log's first. */
async function pulls(more: object = {}): Promise<void> {
  await subscribe(tenant, "s", { sink: { kind: "pull" }, retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 }, ...more });
  await reached(1);
}
/** Long leases, so that none runs out. */
const lease = async (limit = 10): Promise<readonly Given[]> => {
  const leased = (await follower(tenant, "s").lease(limit, 3_600_000)) as unknown as { readonly events: readonly Given[] };
  return leased.events;
};
const next = async (limit = 10): Promise<readonly number[]> => (await lease(limit)).map(({ position }) => position);
const acknowledge = (...positions: readonly number[]) => follower(tenant, "s").acknowledge(positions);
const refuse = (...positions: readonly number[]) => follower(tenant, "s").refuse(positions);
/** Appends one event after the other, each once the log has the one before: so their positions are known. */
async function write(...events: readonly (readonly [stream: string, type?: string])[]): Promise<void> {
  for (const [stream, type = "notes.Written"] of events) {
    const before = await dispatcher(tenant).routed();
    await append(tenant, stream, [draft(type, { text: "a" })]);
    await until(async () => expect(await dispatcher(tenant).routed()).toBeGreaterThan(before));
  }
}
const log = (sql: string) => env.LOG_0.prepare(sql).bind(tenant).run();

describe("one who pulls", () => {
  it("and another at the same moment are never given the same event", async () => {
    await pulls();
    await write(["note-1"]);
    expect(await next()).toEqual([2]);
    await refuse(2);
    for (let n = 2; n < 5; n++) await write([`note-${n}`]);
    // What is redriven is read from the log for each, and meanwhile the other asks.
    await tell(tenant, "s", "Redrive", { position: 2 });
    const given = (await Promise.all([lease(), lease()])).flat().map(({ position }) => position);
    expect(given.toSorted((one, other) => one - other)).toEqual([2, 3, 4, 5]);
  });

  it("gives back what comes again after its delay, and not before", async () => {
    const day = 86_400_000;
    await pulls({ retry: { maxAttempts: 2, minDelayMs: day, maxDelayMs: day } });
    await write(["note-1"], ["note-2"]);
    await reached(3);
    expect(await next(1)).toEqual([2]);
    await refuse(2);
    expect(await next()).toEqual([3]);
    clock.aheadMs += day;
    expect(await lease()).toMatchObject([{ position: 2, attempt: 2 }]);
  });

  it("is given no more than asked for, of what a redrive brings back and of what is new together", async () => {
    await pulls();
    await write(["note-1"]);
    await reached(2);
    expect(await next()).toEqual([2]);
    await refuse(2);
    await write(["note-2"]);
    await reached(3);
    await tell(tenant, "s", "Redrive", { position: 2 });
    const given = [await next(1), await next(1), await next(1)];
    expect(given.map(({ length }) => length)).toEqual([1, 1, 0]);
    expect(given.flat().toSorted()).toEqual([2, 3]);
  });

  it("without order is not held up by what was given up in the same stream", async () => {
    await pulls({ order: "none" });
    await write(["note-1"], ["note-1"], ["note-1"]);
    await reached(4);
    expect(await next(1)).toEqual([2]);
    expect(await next(1)).toEqual([3]);
    await refuse(2);
    expect(await next()).toEqual([4]);
    expect(await standing(tenant, "s")).toMatchObject({ parked: 1, retrying: 0 });
  });

  it("of what waited behind a dead letter is given what is wanted alone, and one after the other while the first is somebody's", async () => {
    // A pattern that narrows nothing in the log.
    await pulls({ types: ["*.Written"] });
    await write(["note-1"], ["note-1"], ["note-1", "notes.Starred"], ["note-1"]);
    await reached(5);
    expect(await next(1)).toEqual([2]);
    await refuse(2);
    expect(await next()).toEqual([]);
    await tell(tenant, "s", "Redrive", { position: 2 });
    expect(await next()).toEqual([2]);
    await acknowledge(2);
    expect(await next(1)).toEqual([3]);
    expect(await next()).toEqual([]);
    await acknowledge(3);
    expect(await next()).toEqual([5]);
    await acknowledge(5);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ retrying: 0, counts: { delivered: 3 } });
  });

  it("goes on over what is not wanted, though the log has another mark there than where it stood", async () => {
    await pulls();
    await write(["note-1"], ["note-2"], ["other-1", "other.Thing"], ["note-3"], ["note-4"]);
    await reached(6);
    expect(await next(1)).toEqual([2]);
    await acknowledge(2);
    expect(await next(1)).toEqual([3]);
    await acknowledge(3);
    expect(await next(1)).toEqual([5]);
    expect(await next(1)).toEqual([6]);
    await acknowledge(5, 6);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ state: "active", counts: { delivered: 4 } });
  });
});

describe("a log that is another one than was pulled from", () => {
  /** Three events, of which the first two are done, and the streams' alarms are over: else they would bring the log what it lacks. */
  async function pulled(): Promise<void> {
    await pulls();
    await write(["note-1"], ["note-2"], ["note-3"]);
    await reached(4);
    await next(2);
    await acknowledge(2, 3);
    expect(await next()).toEqual([4]);
    for (const stream of ["note-1", "note-2", "note-3", "rivulet_subscription-s"]) await until(async () => expect(await fireAlarm(tenant, stream)).toBe(false));
  }

  it.each([
    ["has another epoch", ["UPDATE heads SET epoch = 'another' WHERE tenant = ?"]],
    ["ends before", ["DELETE FROM events WHERE tenant = ? AND position > 2", "UPDATE heads SET position = 2 WHERE tenant = ?"]],
    ["has another event where the follower stands", ["UPDATE events SET entry = 'another' WHERE tenant = ? AND position = 3"]],
  ])("%s: nothing is given, the follower says that it has stopped, and stays so until it is resumed", async (_, statements) => {
    await pulled();
    const before = await env.LOG_0.prepare(
      "SELECT epoch, position, (SELECT entry FROM events WHERE tenant = ?1 AND position = 3) AS entry FROM heads WHERE tenant = ?1",
    )
      .bind(tenant)
      .first<{ epoch: string; position: number; entry: string }>();
    for (const sql of statements) await log(sql);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", reason: expect.stringContaining("The log is another one") });
    // What has stopped does not go on by itself, also where the log looks as it did.
    if (before?.position === 4 && statements.length === 1) {
      await env.LOG_0.prepare("UPDATE heads SET epoch = ? WHERE tenant = ?").bind(before.epoch, tenant).run();
      await env.LOG_0.prepare("UPDATE events SET entry = ? WHERE tenant = ? AND position = 3").bind(before.entry, tenant).run();
      await write(["note-4"]);
      expect(await next()).toEqual([]);
    }
  });

  it("ends before the place where a follower is to begin: what comes to stand there is not passed over in silence", async () => {
    await append(tenant, "note-1", [draft("notes.Written", { text: "a" })]);
    await reached(1);
    await subscribe(tenant, "s", { sink: { kind: "pull" }, after: 5 });
    await reached(2);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped", position: 5 });
  });

  it("begins with nobody's leases: what comes to stand where one was is given to who asks first", async () => {
    await pulled();
    for (const table of ["events", "streams", "heads"]) await log(`DELETE FROM ${table} WHERE tenant = ?`);
    await append(tenant, "again-1", [draft("other.Thing", {})]);
    await reached(1);
    expect(await next()).toEqual([]);
    expect(await standing(tenant, "s")).toMatchObject({ state: "stopped" });
    await tell(tenant, "s", "Resume", {});
    // What the subscription's stream has said comes into that log, too.
    await reached(3);
    for (let n = 0; n < 3; n++) await write([`again-${n}`]);
    expect(await next()).toEqual([4, 5, 6]);
  });
});
