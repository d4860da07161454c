import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  commandTo,
  defineDecider,
  defineEvents,
  defineHandler,
  definePort,
  event,
  type HandlerContext,
  NO_CODE_TRACING,
  type LoggedEvent,
  past,
  reject,
  retryDelay,
  retryPolicy,
} from "../../src/kernel/index.ts";
import { happened, logged } from "../../src/testing/index.ts";

const events = defineEvents("tests", {
  Happened: event(z.object({ count: z.int() }), { was: [past(z.object({ n: z.int() }), ({ n }) => ({ count: n }))] }),
  Ended: z.object({}),
});
const counter = defineDecider({
  category: "counter",
  events,
  commands: { Add: z.object({ count: z.int() }) },
  initialState: () => ({}),
  evolve: { Happened: (state) => state, Ended: (state) => state },
  decide: { Add: () => reject("no") },
});
const context: HandlerContext = {
  key: "k",
  tenant: "t",
  now: "2026-01-01T00:00:00.000Z",
  attempt: 1,
  signal: new AbortController().signal,
  trace: NO_CODE_TRACING,
  state: async () => ({ version: 0, state: null }),
  port: () => expect.unreachable(),
};
const [one, two] = logged([happened("tests-a-b", events.Happened({ count: 3 })), happened("tests-a-b", events.Ended({}))]) as [LoggedEvent, LoggedEvent];
const spec = { name: "tests", on: ["tests.*"], handle: () => [] };

describe("defineHandler", () => {
  test("gives an event of its sets in its newest form, with the id of its stream and all that the log says of it", async () => {
    const seen: unknown[] = [];
    const handler = defineHandler({ ...spec, events: [events], handle: (event) => void seen.push(event) });
    expect(await handler.handle({ ...one, schemaVersion: 1, data: '{"n":3}' as typeof one.data }, context)).toEqual([]);
    expect(seen).toEqual([
      {
        type: "tests.Happened",
        data: { count: 3 },
        eventId: "e1",
        stream: "tests-a-b",
        id: "a-b",
        version: 1,
        position: 1,
        recorded: one.recorded,
        time: one.time,
        metadata: one.metadata,
      },
    ]);
  });

  test("gives an event of no set as it is stored", async () => {
    const seen: unknown[] = [];
    const handler = defineHandler({ ...spec, handle: ({ data }) => void seen.push(data) });
    await handler.handle({ ...one, schemaVersion: 1, data: '{"n":3}' as typeof one.data }, context);
    expect(seen).toEqual([{ n: 3 }]);
  });

  test("sends what it returned, whether at once or by and by; a throw is the caller's", async () => {
    const command = commandTo(counter, "c1", "Add", { count: 1 });
    expect(await defineHandler({ ...spec, handle: () => [command] }).handle(two, context)).toEqual([command]);
    expect(await defineHandler({ ...spec, handle: async () => [command] }).handle(two, context)).toEqual([command]);
    const failing = defineHandler({ ...spec, handle: () => expect.unreachable("it failed") });
    await expect(failing.handle(two, context)).rejects.toThrow("it failed");
  });

  test("has what it does not say by default: normal, six at a time, 15 s, eight attempts, from now on", () => {
    const { handle: _, ...handler } = defineHandler(spec);
    const retry = { maxAttempts: 8, minDelayMs: 1_000, maxDelayMs: 3_600_000 };
    expect(handler).toEqual({ name: "tests", on: ["tests.*"], priority: "normal", concurrency: 6, timeoutMs: 15_000, retry, from: "now" });
    expect(defineHandler({ ...spec, retry: { maxAttempts: 2 } }).retry).toEqual({ ...retry, maxAttempts: 2 });
  });

  test.each(["", "Tests", "1tests", "a_b", `a${"b".repeat(63)}`])("refuses the name %j", (name) => {
    expect(() => defineHandler({ ...spec, name })).toThrow("expected a handler's name of [a-z][a-z0-9-]{0,62}");
  });

  test.each<[readonly string[]]>([[[]], [["tests..Happened"]], [["tests.*", "a b"]], [[""]]])("refuses to be about %j", (on) => {
    expect(() => defineHandler({ ...spec, on })).toThrow("expected tests to be about topic patterns");
  });

  test.each([0, -1, 1.5, 61, Number.NaN])("refuses to handle %d at a time", (concurrency) => {
    expect(() => defineHandler({ ...spec, concurrency })).toThrow("expected tests to handle 1 to 60 at a time");
  });

  test("refuses to be tried never, or for ever", () => {
    for (const maxAttempts of [0, 101]) expect(() => defineHandler({ ...spec, retry: { maxAttempts } })).toThrow();
  });
});

test("commandTo names the aggregate, the command and its data", () => {
  expect(commandTo(counter, "c1", "Add", { count: 1 })).toEqual({ category: "counter", id: "c1", command: "Add", data: { count: 1 } });
});

test("a port is known by its name", () => {
  expect(definePort<{ readonly send: () => void }>("mail")).toEqual({ name: "mail" });
});

describe("retryDelay", () => {
  const policy = retryPolicy.parse({ minDelayMs: 100, maxDelayMs: 1_000 });

  test("doubles its ceiling with each attempt, up to the longest, and is a share of it by chance", () => {
    expect([1, 2, 3, 4, 5, 1_000].map((attempt) => retryDelay(policy, attempt, 1))).toEqual([200, 400, 800, 1_000, 1_000, 1_000]);
    expect(retryDelay(policy, 2, 0.25)).toBe(100);
    expect(retryDelay(policy, 2, 0)).toBe(1);
  });

  test("is never shorter than was asked for, as long as that is a day at most", () => {
    expect(retryDelay(policy, 1, 0, 5_000)).toBe(5_000);
    expect(retryDelay(policy, 1, 0, 10 ** 12)).toBe(86_400_000);
  });
});
