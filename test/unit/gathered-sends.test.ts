import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GatheredSends } from "../../durable-objects/aggregate/gathered-sends.ts";
import type { JsonText, RecordedEvent } from "../../src/kernel/index.ts";

const event = (version: number, data = "{}") => ({ version, data: data as JsonText }) as RecordedEvent;

/** Sends that end when the test says so, and a clock. */
function stage() {
  const began: { readonly versions: readonly number[]; readonly end: (isSent: boolean) => void }[] = [];
  const clock = {
    now: 0,
    /** So many milliseconds later. */
    async pass(milliseconds: number) {
      clock.now += milliseconds;
      await vi.advanceTimersByTimeAsync(milliseconds);
    },
  };
  const sends = new GatheredSends((events) => new Promise((resolve) => began.push({ versions: events.map(({ version }) => version), end: resolve })), {
    now: () => clock.now,
    apart: 25,
  });
  return { sends, clock, began, versions: () => began.map((send) => send.versions) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("what is sent to the queue", () => {
  test("goes at once where nothing was sent in the 25 ms before", async () => {
    const { sends, clock, began, versions } = stage();
    const first = sends.send([event(1), event(2)]);
    expect(versions()).toEqual([[1, 2]]);
    began[0]?.end(true);
    expect(await first).toBe(true);
    await clock.pass(25);
    void sends.send([event(3)]);
    expect(versions()).toEqual([[1, 2], [3]]);
  });

  test("goes together where it was committed while a send was under way, and each is told what became of its own", async () => {
    const { sends, clock, began, versions } = stage();
    const first = sends.send([event(1)]);
    const second = sends.send([event(2)]);
    const third = sends.send([event(3), event(4)]);
    expect(versions()).toEqual([[1]]);
    clock.now = 25;
    began[0]?.end(false);
    expect(await first).toBe(false);
    expect(versions()).toEqual([[1], [2, 3, 4]]);
    const fourth = sends.send([event(5)]);
    clock.now = 50;
    began[1]?.end(true);
    expect(await Promise.all([second, third])).toEqual([true, true]);
    expect(versions()).toEqual([[1], [2, 3, 4], [5]]);
    began[2]?.end(true);
    expect(await fourth).toBe(true);
  });

  test("keeps 25 ms from the send before, whether it came while that was under way or when it was done", async () => {
    const { sends, clock, began, versions } = stage();
    void sends.send([event(1)]);
    void sends.send([event(2)]);
    await clock.pass(5);
    began[0]?.end(true);
    await clock.pass(0);
    await clock.pass(19);
    void sends.send([event(3)]);
    expect(versions()).toEqual([[1]]);
    await clock.pass(1);
    expect(versions()).toEqual([[1], [2, 3]]);
    began[1]?.end(true);
    await clock.pass(10);
    const fourth = sends.send([event(4)]);
    void sends.send([event(5)]);
    await clock.pass(14);
    expect(versions()).toEqual([[1], [2, 3]]);
    await clock.pass(1);
    expect(versions()).toEqual([[1], [2, 3], [4, 5]]);
    began[2]?.end(true);
    expect(await fourth).toBe(true);
    await clock.pass(1_000);
    expect(versions()).toEqual([[1], [2, 3], [4, 5]]);
  });

  test("is not held for longer by a clock that was put back", async () => {
    const { sends, clock, began, versions } = stage();
    void sends.send([event(1)]);
    began[0]?.end(true);
    await clock.pass(0);
    clock.now = -3_600_000;
    void sends.send([event(2)]);
    await clock.pass(25);
    expect(versions()).toEqual([[1], [2]]);
  });

  test("that has become much while it kept its distance goes at once, and what comes then keeps its distance from that", async () => {
    const { sends, clock, began, versions } = stage();
    void sends.send([event(1)]);
    void sends.send([event(2)]);
    await clock.pass(5);
    began[0]?.end(true);
    await clock.pass(0);
    await clock.pass(10);
    void sends.send([event(3, "x".repeat(100_000))]);
    expect(versions()).toEqual([[1], [2, 3]]);
    void sends.send([event(4)]);
    await clock.pass(15);
    expect(versions()).toEqual([[1], [2, 3]]);
    began[1]?.end(true);
    await clock.pass(0);
    await clock.pass(10);
    expect(versions()).toEqual([[1], [2, 3], [4]]);
  });

  test("is held by one that hangs for 100 ms at most", async () => {
    const { sends, clock, began, versions } = stage();
    const hung = sends.send([event(1)]);
    clock.now = 99;
    const held = sends.send([event(2)]);
    expect(versions()).toEqual([[1]]);
    clock.now = 100;
    const next = sends.send([event(3)]);
    expect(versions()).toEqual([[1], [2, 3]]);
    began[1]?.end(true);
    expect(await Promise.all([held, next])).toEqual([true, true]);
    expect(versions()).toEqual([[1], [2, 3]]);
    began[0]?.end(true);
    expect(await hung).toBe(true);
  });

  test("waits for the newest that is on its way, though one that hung has come to its end meanwhile", async () => {
    const { sends, clock, began, versions } = stage();
    const hung = sends.send([event(1)]);
    await clock.pass(100);
    void sends.send([event(2)]);
    void sends.send([event(3)]);
    began[0]?.end(true);
    expect(await hung).toBe(true);
    await clock.pass(25);
    void sends.send([event(4)]);
    expect(versions()).toEqual([[1], [2]]);
    began[1]?.end(true);
    await clock.pass(0);
    expect(versions()).toEqual([[1], [2], [3, 4]]);
  });

  test("does not wait where it is much", () => {
    const { sends, versions } = stage();
    void sends.send([event(1)]);
    void sends.send([event(2, "x".repeat(60_000))]);
    expect(versions()).toEqual([[1]]);
    void sends.send([event(3, "x".repeat(60_000))]);
    expect(versions()).toEqual([[1], [2, 3]]);
  });
});
