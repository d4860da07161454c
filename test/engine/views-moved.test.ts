import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { unpackHint } from "../../src/kernel/index.ts";
import { project } from "../../src/log/project.ts";
import { readGenerations } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { rowView } from "../../src/views/row-view.ts";
import { append, deliver, dispatcher, draft, env, eventTypeCounts, fireAlarm, wholeLog } from "../support/engine.ts";
import { faults, heal, trips } from "../support/faults.ts";
import { notes, testViews } from "../support/worker.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const taken = (): readonly string[] => faults.captured?.splice(0) ?? [];
const add = async (tenant: string, count = 1): Promise<void> => {
  await append(
    tenant,
    "note-1",
    Array.from({ length: count }, () => draft("notes.Written", { text: "a" })),
  );
};
/** The stream is let go at once: its alarm would move views in the middle of another test. */
const logged = async (tenant: string): Promise<void> => {
  await add(tenant);
  await deliver(taken());
  await fireAlarm(tenant, "note-1");
};
const quiet = { eventsAfter: () => expect.unreachable(), followed: () => Promise.resolve(), forget: () => Promise.resolve() };

describe("moving the views of a tenant that is awake", () => {
  test("takes one call of the log and two of the views for a lone event, from the message to the last view", async () => {
    await logged("trips-1");
    await logged("trips-1");
    await add("trips-1");
    const messages = taken();
    expect(await trips(() => deliver(messages))).toEqual({ log: 1, views: 2 });
    expect(await eventTypeCounts("trips-1")).toEqual({ "notes.Written": 3 });
  });

  test("reads nothing of the log either where many transactions have brought much into it, and others come while the views are moved", async () => {
    const tenant = "trips-5";
    await logged(tenant);
    await logged(tenant);
    await add(tenant, 600);
    await add(tenant, 600);
    const messages = taken();
    // 1,200 events are three transactions of the log, and three steps of the views: each reads rows, and writes them.
    expect(await trips(() => deliver(messages))).toEqual({ log: 3, views: 6 });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 1_202 });
  });

  test("nor where others come while the views are moved: they are folded in one step then", async () => {
    const tenant = "trips-6";
    await logged(tenant);
    await logged(tenant);
    const messages: string[][] = [];
    for (let nth = 0; nth < 4; nth++) {
      await add(tenant);
      messages.push([...taken()]);
    }
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const made = { log: 0, views: 0 };
    const delivered: Promise<unknown>[] = [];
    for (const own of messages) {
      // The test's own looks at the log are not counted.
      faults.beforeQuery = () => {};
      faults.beforeBatch = async (database) => {
        if (++made[database] === 1 && database === "views") await held;
      };
      delivered.push(deliver(own));
      await vi.waitFor(async () => expect(await wholeLog(tenant)).toHaveLength(2 + delivered.length), { timeout: 10_000 });
    }
    await vi.waitFor(() => expect(made.views).toBe(1), { timeout: 10_000 });
    let read = 0;
    faults.beforeQuery = () => void read++;
    release();
    await Promise.all(delivered);
    expect({ ...made, read }).toEqual({ log: 4, views: 4, read: 0 });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 6 });
  });

  test("holds nothing for views that could not be moved: the log has it", async () => {
    const tenant = "trips-7";
    await logged(tenant);
    await logged(tenant);
    await add(tenant);
    faults.beforeBatch = (database) => {
      if (database === "views") throw new Error("D1_ERROR: overloaded");
    };
    await deliver(taken());
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 2 });
    await add(tenant);
    const made = { log: 0, views: 0 };
    faults.beforeBatch = (database) => void made[database]++;
    await deliver(taken());
    await vi.waitFor(async () => expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 4 }), { timeout: 10_000 });
    // It was written, and read: the one event that was handed on stands behind another.
    expect(made.log).toBe(2);
  });

  test("looks for itself where the dispatcher was not told by who wrote", async () => {
    const tenant = "trips-2";
    await logged(tenant);
    await add(tenant, 2);
    await project(
      env.LOG_0,
      taken().map((message) => unpackHint(message) ?? expect.unreachable()),
      quiet,
    );
    await logged(tenant);
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 4 });
  });

  test("goes on at once to what came while they moved, and leaves no alarm", async () => {
    const tenant = "trips-3";
    await logged(tenant);
    await add(tenant);
    const first = taken();
    await add(tenant);
    const second = taken();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let moves = 0;
    faults.beforeBatch = async (database) => {
      if (database === "views" && ++moves === 1) await held;
    };
    const one = deliver(first);
    await vi.waitFor(() => expect(moves).toBe(1), { timeout: 10_000 });
    const two = deliver(second);
    await vi.waitFor(async () => expect(await wholeLog(tenant)).toHaveLength(3), { timeout: 10_000 });
    expect(await runInDurableObject(dispatcher(tenant), (_, { storage }) => storage.getAlarm())).toBeNull();
    release();
    await Promise.all([one, two]);
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 3 });
    expect(await runInDurableObject(dispatcher(tenant), (_, { storage }) => storage.getAlarm())).toBeNull();
  });

  test("does not overlook a build that is begun while a move is under way that has not seen it", async () => {
    const tenant = "trips-4";
    await logged(tenant);
    await logged(tenant);
    await add(tenant);
    const messages = taken();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    // Its rows were read, and what it folds is written: whoever changes what the views are is no longer noticed by it.
    let moves = 0;
    faults.afterBatch = async (database) => {
      if (database === "views" && ++moves === 2) await held;
    };
    const delivered = deliver(messages);
    await vi.waitFor(() => expect(moves).toBe(2), { timeout: 10_000 });
    const view = testViews.find(({ name }) => name === "notes") ?? rowView(notes);
    expect(await beginBuild(env.VIEWS_0, tenant, view, { purpose: "rebuild", head: 3, now: Date.now() })).toBe("begun");
    await dispatcher(tenant).wake();
    let asked = 0;
    faults.beforeQuery = (_, sql) => void (/FROM heads/.test(sql) && asked++);
    const alarm = runDurableObjectAlarm(dispatcher(tenant));
    // It has asked the log where it is, and has had the time to go on.
    await vi.waitFor(() => expect(asked).toBeGreaterThan(0), { timeout: 10_000 });
    await scheduler.wait(500);
    release();
    await Promise.all([delivered, alarm]);
    const live = async () => (await readGenerations(env.VIEWS_0, tenant)).filter(({ view, state }) => view === "notes" && state === "live");
    await vi.waitFor(async () => expect(await live()).toMatchObject([{ generation: 1 }]), { timeout: 20_000, interval: 50 });
  });

  test("leaves no view out where a build was begun before the first event, and nobody had told of it", async () => {
    const tenant = "trips-8";
    // It has looked: no log, and no view yet.
    await dispatcher(tenant).wake();
    await runDurableObjectAlarm(dispatcher(tenant));
    const view = testViews.find(({ name }) => name === "notes") ?? rowView(notes);
    expect(await beginBuild(env.VIEWS_0, tenant, view, { purpose: "rebuild", head: 0, now: Date.now() })).toBe("begun");
    await add(tenant);
    await deliver(taken());
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Written": 1 });
  });
});
