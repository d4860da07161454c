import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followLog } from "../../src/log/read-log.ts";
import { advanceViews, readCursors } from "../../src/views/advance.ts";
import type { LogReader } from "../../src/views/engine.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { append, deliver, dispatcher, draft, env, eventTypeCounts, fireAlarm, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { listen, standing, subscribe } from "../support/followers.ts";
import { setLogBack } from "../support/log-set-back.ts";

let tenant: string;
let count = 0;

beforeEach(() => {
  tenant = `set-back-${count++}`;
});
afterEach(heal);

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const cursors = () => readCursors(env.VIEWS_0, tenant);
const shared = async () => (await cursors()).find(({ view }) => view === "*");

describe("a log that was set back while its dispatcher lives", () => {
  beforeEach(() => {
    faults.captured = [];
  });

  const add = async (stream: string): Promise<void> => {
    await append(tenant, stream, [draft("notes.Added", {})]);
    await deliver(faults.captured?.splice(0) ?? []);
  };

  it("stops the views with the first event that comes into it, long before it outgrows what it was", async () => {
    for (let index = 0; index < 5; index++) await add("note-1");
    await setLogBack(tenant, 1);
    await add("other-1");
    expect(await wholeLog(tenant)).toHaveLength(2);
    expect(await shared()).toMatchObject({ position: 5, state: "stopped", error: expect.stringMatching(/are at position 5, the log ends at 2/) });
  });

  it("stops them where it grows to where it was again, with other events", async () => {
    for (let index = 0; index < 3; index++) await add("note-1");
    await setLogBack(tenant, 1);
    for (const stream of ["other-1", "other-2"]) await append(tenant, stream, [draft("other.Added", {})]);
    await deliver(faults.captured?.splice(0) ?? []);
    expect(await wholeLog(tenant)).toHaveLength(3);
    expect(await shared()).toMatchObject({ position: 3, state: "stopped", error: expect.stringContaining("have counted another event") });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 3 });
  });

  it("stops them where that happens between two pages of one move", async () => {
    faults.beforeBatch = (database) => {
      if (database === "views") throw new Error("D1_ERROR: overloaded");
    };
    for (let index = 0; index < 3; index++) await add("note-1");
    let pages = 0;
    const log: LogReader = {
      async follow(_, query) {
        if (++pages === 2) {
          for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
          for (const stream of ["other-1", "other-2", "other-3"]) await add(stream);
        }
        return followLog(env.LOG_0, tenant, { ...query, limit: 1 });
      },
    };
    await advanceViews({ db: env.VIEWS_0, log, views: [eventTypesView], now: Date.now }, tenant);
    expect(await shared()).toMatchObject({ position: 1, state: "stopped", error: expect.stringContaining("epoch") });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 1 });
  });

  it("is not what is told of late: the views have that already, and go on", async () => {
    for (let index = 0; index < 3; index++) await add("note-1");
    const { epoch = "" } = (await shared()) ?? {};
    const [, second] = await wholeLog(tenant);
    await dispatcher(tenant).advanced({ position: 2, epoch }, [{ after: 1, to: 2, entryAt: "", rows: JSON.stringify([second]) as never }]);
    await add("note-1");
    expect(await shared()).toMatchObject({ position: 4, state: "live", error: null });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 4 });
  });
});

describe("a follower of a log that was set back while its dispatcher lives", () => {
  it("stops with the first event that comes into it", async () => {
    const sinks = listen();
    await subscribe(tenant, "all");
    await append(tenant, "note-1", [draft("notes.Added", {}), draft("notes.Added", {}), draft("notes.Added", {})]);
    await until(async () => expect(await standing(tenant, "all")).toMatchObject({ counts: { delivered: 3 }, isIdle: true }));
    // Else the stream's own alarm would bring there again what the log lacks.
    await until(async () => expect(await fireAlarm(tenant, "note-1")).toBe(false));
    await setLogBack(tenant, 2);
    await append(tenant, "other-1", [draft("notes.Added", {})]);
    await until(async () => expect(await standing(tenant, "all")).toMatchObject({ state: "stopped", reason: expect.stringContaining("log") }));
    expect(sinks.received).toHaveLength(3);
  });
});
