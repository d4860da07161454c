import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { expect, test, vi } from "vitest";
import { unpackHint } from "../../src/kernel/index.ts";
import { append, deliver, dispatcher, draft, env, fireAlarm, stub, wholeLog } from "../support/engine.ts";
import { faults } from "../support/faults.ts";
import { clock } from "../support/worker.ts";
import { byHand } from "../support/by-hand.ts";

const note = (n: number) => draft("notes.Added", { n });
const alarmOf = (tenant: string, stream: string) => runInDurableObject(stub(tenant, stream), (_, state) => state.storage.getAlarm());
const sent = (): readonly string[] => faults.captured?.splice(0) ?? [];

byHand();

test("an append arms the alarm in its own commit and sends its events at once", async () => {
  await append("outbox-1", "note-1", [note(1)]);
  expect(await alarmOf("outbox-1", "note-1")).toBeGreaterThan(Date.now());
  const [message] = sent();
  expect(unpackHint(message as string)).toMatchObject({ shard: 0, tenant: "outbox-1", stream: "note-1", head: { version: 1 }, events: [{}] });
});

test("what is committed while a send is under way goes in one message with what else is", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let sends = 0;
  faults.beforeSend = async () => {
    if (++sends === 1) await held;
  };
  // However slow the machine is, nobody waits for the first send for so long that it would be taken to hang.
  const begun = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => begun);
  // One commit after the other, all of them while the first send is held: each is answered all the same.
  for (let n = 1; n <= 4; n++) await append("outbox-gathered", "note-1", [note(n)]);
  expect(sends).toBe(1);
  vi.restoreAllMocks();
  release();
  await vi.waitFor(() => expect(faults.captured).toHaveLength(2), { timeout: 10_000 });
  const messages = sent();
  expect(messages.map(unpackHint)).toMatchObject([
    { head: { version: 1 }, events: [{ version: 1 }] },
    { head: { version: 4 }, events: [{ version: 2 }, { version: 3 }, { version: 4 }] },
  ]);
  await deliver(messages);
  expect((await wholeLog("outbox-gathered")).map(({ version }) => version)).toEqual([1, 2, 3, 4]);
});

test("a refused append arms nothing and sends nothing", async () => {
  await append("outbox-2", "note-1", [note(1)], { precondition: { kind: "version", version: 7 } });
  expect(await alarmOf("outbox-2", "note-1")).toBeNull();
  expect(sent()).toEqual([]);
});

test("the alarm lets go once the log has everything and the dispatcher knows", async () => {
  await append("outbox-3", "note-1", [note(1), note(2)]);
  await deliver(sent());
  expect(await fireAlarm("outbox-3", "note-1")).toBe(true);
  expect(await alarmOf("outbox-3", "note-1")).toBeNull();
  expect(await dispatcher("outbox-3").head()).toBe(2);
  expect(sent()).toEqual([]);
});

test("a message that was lost is sent again by the alarm, as name and head only, and the projector fetches the rest", async () => {
  await append("outbox-4", "note-1", [note(1), note(2)]);
  sent();
  await fireAlarm("outbox-4", "note-1");
  const messages = sent();
  expect(messages.map(unpackHint)).toMatchObject([{ stream: "note-1", head: { version: 2 }, events: [] }]);
  expect(await alarmOf("outbox-4", "note-1")).not.toBeNull();
  await deliver(messages);
  expect((await wholeLog("outbox-4")).map(({ version }) => version)).toEqual([1, 2]);
});

test("an object evicted between append and send still reaches the log", async () => {
  faults.beforeSend = () => {
    throw new Error("the object is gone before it sends");
  };
  await append("outbox-5", "note-1", [note(1)]);
  await evictDurableObject(stub("outbox-5", "note-1"));
  faults.beforeSend = () => {};
  expect(await fireAlarm("outbox-5", "note-1")).toBe(true);
  await deliver(sent());
  expect(await wholeLog("outbox-5")).toHaveLength(1);
});

test("an append that comes while the alarm waits for D1 is left with an alarm of its own", async () => {
  await append("outbox-6", "note-1", [note(1)]);
  await deliver(sent());
  let arrived = (): void => {};
  let release = (): void => {};
  const waiting = new Promise<void>((resolve) => (arrived = resolve));
  const gate = new Promise<void>((resolve) => (release = resolve));
  faults.beforeQuery = async (database, sql) => {
    if (database !== "log" || !sql.includes("FROM streams")) return;
    faults.beforeQuery = () => {};
    arrived();
    await gate;
  };
  const alarm = fireAlarm("outbox-6", "note-1");
  await waiting;
  const appended = append("outbox-6", "note-1", [note(2)]);
  await appended;
  sent(); // and its message is lost
  // On disk with the append itself, not left to what the alarm will find.
  expect(await alarmOf("outbox-6", "note-1")).not.toBeNull();
  release();
  await alarm;
  expect(await alarmOf("outbox-6", "note-1")).not.toBeNull();
  await fireAlarm("outbox-6", "note-1");
  await deliver(sent());
  expect(await wholeLog("outbox-6")).toHaveLength(2);
});

test("an append that comes while a settled alarm tells the dispatcher keeps its alarm", async () => {
  await append("outbox-7", "note-1", [note(1)]);
  await deliver(sent());
  // The alarm has read the log, which has all; before it compares with the head again, another event is there.
  let arrived = (): void => {};
  let release = (): void => {};
  const waiting = new Promise<void>((resolve) => (arrived = resolve));
  const gate = new Promise<void>((resolve) => (release = resolve));
  vi.spyOn(DispatcherObject.prototype, "advanced").mockImplementationOnce(async () => {
    arrived();
    await gate;
  });
  const alarm = fireAlarm("outbox-7", "note-1");
  await waiting;
  await append("outbox-7", "note-1", [note(2)]);
  sent();
  release();
  await alarm;
  expect(await alarmOf("outbox-7", "note-1")).not.toBeNull();
});

test("an alarm that finds D1 down never throws, and comes back later each time", async () => {
  await append("outbox-8", "note-1", [note(1)]);
  faults.beforeQuery = () => {
    throw new Error("D1_ERROR: overloaded");
  };
  const pauses: number[] = [];
  for (let i = 0; i < 3; i++) {
    await fireAlarm("outbox-8", "note-1");
    pauses.push(((await alarmOf("outbox-8", "note-1")) ?? 0) - Date.now());
  }
  expect(pauses.every((pause, index) => pause > (pauses[index - 1] ?? 0))).toBe(true);
});

test("a dispatcher that is told of a head before the views have it holds an alarm until they do", async () => {
  faults.beforeBatch = (database) => {
    if (database === "views") throw new Error("D1_ERROR: overloaded");
  };
  await append("outbox-9", "note-1", [note(1)]);
  await deliver(sent());
  const alarm = () => runInDurableObject(dispatcher("outbox-9"), (_, state) => state.storage.getAlarm());
  expect(await alarm()).not.toBeNull();
  faults.beforeBatch = () => {};
  await runInDurableObject(dispatcher("outbox-9"), (instance) => instance.alarm());
  const { results } = await env.VIEWS_0.prepare("SELECT type, count FROM event_types WHERE tenant = 'outbox-9'").all();
  expect(results).toEqual([{ type: "notes.Added", count: 1 }]);
});

test("an alarm sends nothing again while what it sent is in line: the log moves, and has not come so far", async () => {
  await append("outbox-10", "note-1", [note(1)]);
  clock.aheadMs++;
  await append("outbox-10", "note-2", [note(1)]);
  const [first, second] = sent();
  await deliver([first as string]);
  await fireAlarm("outbox-10", "note-2");
  expect(sent()).toEqual([]);
  expect(await alarmOf("outbox-10", "note-2")).toBeGreaterThan(Date.now());
  await deliver([second as string]);
  await fireAlarm("outbox-10", "note-2");
  expect(await alarmOf("outbox-10", "note-2")).toBeNull();
});

test("an alarm that finds the log standing still where it stood sends again", async () => {
  await append("outbox-11", "note-1", [note(1)]);
  clock.aheadMs++;
  await append("outbox-11", "note-2", [note(1)]);
  await deliver(sent().slice(0, 1));
  await fireAlarm("outbox-11", "note-2");
  expect(sent()).toEqual([]);
  await fireAlarm("outbox-11", "note-2");
  expect(sent().map(unpackHint)).toMatchObject([{ stream: "note-2", head: { version: 1 }, events: [] }]);
});

test("an object that wakes behind sends again at once: nobody knows what became of what it sent", async () => {
  await append("outbox-12", "note-1", [note(1)]);
  clock.aheadMs++;
  await append("outbox-12", "note-2", [note(1)]);
  await deliver(sent().slice(0, 1));
  await evictDurableObject(stub("outbox-12", "note-2"));
  await fireAlarm("outbox-12", "note-2");
  expect(sent().map(unpackHint)).toMatchObject([{ stream: "note-2", events: [] }]);
});

test("while a log is behind, the streams that wait for it ask it once a second together", async () => {
  const streams = Array.from({ length: 20 }, (_, n) => `note-${n}`);
  await append("outbox-13", "other-1", [note(1)]);
  await deliver(sent());
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const stream of streams) await append("outbox-13", stream, [note(1)]);
  sent();
  const asked: string[] = [];
  faults.beforeQuery = (sql) => void asked.push(sql);
  for (const stream of streams) await fireAlarm("outbox-13", stream);
  // One asked for itself, and how far the log is; the others knew.
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(sent()).toEqual([]);
});
