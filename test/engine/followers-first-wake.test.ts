import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AggregateObject } from "../../durable-objects/aggregate.ts";
import { handlerStream } from "../../src/followers/handler-operations.ts";
import { append, dispatcher, draft, send } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { fireFollower, follower, listen, standing } from "../support/followers.ts";
import { sinks as handled } from "../support/worker.ts";

let tenant: string;
let count = 0;
let got: string[];

beforeEach(async () => {
  listen();
  tenant = `first-wake-${count++}`;
  got = [];
  await haveHistory();
  handled.handle = async ({ stream, version }) => void got.push(`${stream}@${version}`);
});
afterEach(() => {
  vi.restoreAllMocks();
  handled.handle = async () => {};
  heal();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (stream: string) => append(tenant, stream, [draft("handled.Thing", {})]);
const tested = () => follower(tenant, "tested", "handler");
const lose = (object: DurableObjectStub) => runInDurableObject(object, (_, state) => state.abort("lost")).catch(() => {});
const routed = (position: number) => until(async () => expect(await dispatcher(tenant).routed()).toBe(position));
const asked = async () => standing(tenant, "tested", "handler", await dispatcher(tenant).routed());

/** Three events that match, which came before the code had the handler. */
async function haveHistory(): Promise<void> {
  for (const stream of ["old-1", "old-2", "old-3"]) await write(stream);
  await routed(3);
  await until(async () => expect(await asked()).toMatchObject({ counts: { delivered: 3 }, isIdle: true }));
  await tested().forget();
  await runInDurableObject(dispatcher(tenant), (_, { storage }) => void storage.kv.delete("follower:handler:tested"));
  await lose(dispatcher(tenant));
}

/** As the API does. */
async function tell(command: "Pause" | "Resume" | "RedriveAll", data = {}): Promise<void> {
  await send(tenant, handlerStream("tested"), command, data);
  await dispatcher(tenant).learn("handler:tested");
}

/** What its object has on disk. */
const onDisk = () =>
  runInDurableObject(tested(), async (_, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();
    return { tables: tables.map(({ name }) => name), alarm: await storage.getAlarm() };
  });

describe("a handler that nobody has woken yet", () => {
  it("has nothing written by being asked how it stands, and stands at the head", async () => {
    const before = await tested().costs();
    for (let times = 0; times < 3; times++) expect(await asked()).toMatchObject({ position: 3, state: "active", isIdle: true, health: "healthy" });
    expect(await tested().costs()).toEqual(before);
    expect(await onDisk()).toEqual({ tables: [], alarm: null });
  });

  it("handles, after it was asked how it stands, what comes next and nothing before it", async () => {
    await asked();
    await write("new-1");
    await until(() => expect(got).toEqual(["new-1@1"]));
    await write("new-1");
    await until(async () => expect(await asked()).toMatchObject({ counts: { delivered: 2 }, isIdle: true }));
    expect(got).toEqual(["new-1@1", "new-1@2"]);
  });

  it("handles, after it was paused and resumed, what comes next and nothing before it", async () => {
    await tell("Pause");
    expect(await asked()).toMatchObject({ state: "paused", position: await dispatcher(tenant).routed() });
    await tell("Resume");
    await fireFollower(tenant, "tested", "handler");
    expect(await asked()).toMatchObject({ state: "active", position: await dispatcher(tenant).routed(), isIdle: true });
    expect(got).toEqual([]);
    await write("new-1");
    await until(async () => expect(await asked()).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
    expect(got).toEqual(["new-1@1"]);
  });

  it("handles, after it was resumed though it was not paused, and its dead letters redriven though it had none, what comes next and nothing before it", async () => {
    await tell("Resume");
    await tell("RedriveAll", { id: "run", filter: {} });
    expect(await asked()).toMatchObject({ redrives: [{ id: "run", state: "done", left: 0 }] });
    await lose(tested());
    await write("new-1");
    await until(async () => expect(await asked()).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
    expect(got).toEqual(["new-1@1"]);
  });

  it.each([
    ["", async () => {}],
    [", though its object was lost in between", () => lose(tested())],
    [", though it was asked how it stands in between", async () => void (await asked())],
  ])("gets on resume all that came since it was paused, in order, and nothing that came before%s", async (_, between) => {
    await tell("Pause");
    await between();
    await write("new-1");
    await routed(5);
    await between();
    await write("new-1");
    await routed(6);
    expect(await asked()).toMatchObject({ state: "paused", position: 4 });
    expect(got).toEqual([]);
    await between();
    await tell("Resume");
    await until(async () => expect(await asked()).toMatchObject({ counts: { delivered: 2 }, isIdle: true }));
    expect(got).toEqual(["new-1@1", "new-1@2"]);
  });

  it("gets on resume what came since it was paused, though it could not read of the pause before the first of it came", async () => {
    const unread = vi.spyOn(AggregateObject.prototype, "eventsAfter").mockRejectedValue(new Error("not now"));
    await tell("Pause");
    await write("new-1");
    await until(() => expect(unread.mock.calls.length).toBeGreaterThan(1));
    unread.mockRestore();
    await routed(5);
    expect(got).toEqual([]);
    await tell("Resume");
    await until(() => expect(got).toEqual(["new-1@1"]));
  });

  it("handles what comes next and nothing before it, where older code has kept that it begins with the log", async () => {
    await runInDurableObject(tested(), (_, { storage }) => {
      for (const table of ["lanes_v1", "kept_v1"]) storage.sql.exec(`CREATE TABLE ${table} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`);
      const told = { version: 0, definition: { status: "active", after: 0, epoch: "" } };
      storage.sql.exec("INSERT INTO kept_v1 VALUES ('told', ?)", JSON.stringify(told));
    });
    await lose(tested());
    await asked();
    await write("new-1");
    await until(async () => expect(await asked()).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
    expect(got).toEqual(["new-1@1"]);
  });
});
