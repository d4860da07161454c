import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AggregateObject } from "../../durable-objects/aggregate.ts";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { Doorbell } from "../../src/api/live/doorbell.ts";
import { HEARTBEAT } from "../../src/api/live/feed.ts";
import { append, deliver, dispatcher, draft, env, stub } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import worker from "../support/worker.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(() => {
  heal();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const note = () => draft("notes.Added", { text: "x".repeat(1000) });
const listen = (path: string) => worker.fetch(new Request(`http://rivulet${path}`, { headers: { authorization: "Bearer test-admin-key" } }), env);

test("a thousand idle listeners keep no object running, and each is rung when it wakes", async () => {
  await append("live-1", "note-1", [note()]);
  const bells = await Promise.all(Array.from({ length: 1000 }, () => Doorbell.connect(stub("live-1", "note-1"))));
  let before: unknown;
  await runInDurableObject(stub("live-1", "note-1"), (instance) => (before = instance));
  await evictDurableObject(stub("live-1", "note-1"), { webSockets: "hibernate" });
  expect(bells.every((bell) => !bell.isClosed && bell.head === 1)).toBe(true);
  const rung = Promise.all(bells.map((bell) => bell.wait(5_000)));
  await append("live-1", "note-1", [note()]);
  await rung;
  expect(bells.every((bell) => bell.head === 2)).toBe(true);
  await runInDurableObject(stub("live-1", "note-1"), (instance) => expect(instance).not.toBe(before));
  for (const bell of bells) bell.close();
});

test("the dispatcher's listeners sleep and are rung alike", async () => {
  const bell = await Doorbell.connect(dispatcher("live-2"));
  expect(bell.head).toBe(0);
  await evictDurableObject(dispatcher("live-2"), { webSockets: "hibernate" });
  const rung = bell.wait(5_000);
  await dispatcher("live-2").advanced({ position: 7, epoch: "e" });
  await rung;
  expect(bell.head).toBe(7);
  bell.close();
});

test("a reader that does not read costs a page, not its backlog", async () => {
  for (let i = 0; i < 10; i++) await append("default", "slow-1", Array.from({ length: 1000 }, note));
  const pages = vi.spyOn(AggregateObject.prototype, "eventsAfter");
  const response = await listen("/v1/streams/slow-1/live?from=1");
  const reader = response.body?.getReader();
  await reader?.read();
  await scheduler.wait(300);
  // 10 MB wait; a page holds one.
  expect(pages.mock.calls.length).toBe(1);
  await reader?.cancel();
});

test("a listener that leaves is let go of: nothing rings for it any more", async () => {
  await append("default", "gone-1", [note()]);
  const response = await listen("/v1/streams/gone-1/live");
  const sockets = () => runInDurableObject(stub("default", "gone-1"), (_, state) => state.getWebSockets().length);
  expect(await sockets()).toBe(1);
  await response.body?.cancel();
  for (let i = 0; i < 50 && (await sockets()) > 0; i++) {
    await append("default", "gone-1", [note()]);
    await scheduler.wait(20);
  }
  expect(await sockets()).toBe(0);
});

test("a listener that hears nothing gets a heartbeat", async () => {
  await append("default", "quiet-1", [note()]);
  expect(HEARTBEAT).toBe(15_000);
  const response = await listen("/v1/streams/quiet-1/live");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(": still here")) text += (await reader?.read())?.value;
  await reader?.cancel();
});

test("a listener that comes does not take the ring from those that are there", async () => {
  const first = await Doorbell.connect(dispatcher("live-3"));
  await append("live-3", "note-1", [note()]);
  const messages = faults.captured?.splice(0) ?? [];
  // The log is ahead of what the dispatcher was told when the second one comes.
  const told = vi.spyOn(DispatcherObject.prototype, "advanced").mockImplementationOnce(async () => {});
  await deliver(messages);
  told.mockRestore();
  expect(first.head).toBe(0);
  const rung = first.wait(5_000);
  const second = await Doorbell.connect(dispatcher("live-3"));
  await rung;
  expect([first.head, second.head]).toEqual([1, 1]);
  first.close();
  second.close();
});
