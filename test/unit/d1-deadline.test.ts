import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { timedD1 } from "../../src/d1-deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => undefined);
const hanging = { bind: () => hanging, first: never, all: never, run: never };
const hangs = { prepare: () => hanging, batch: never } as unknown as D1Database;

test.each([
  ["first", (db: D1Database) => db.prepare("SELECT 1").first()],
  ["all", (db: D1Database) => db.prepare("SELECT ?").bind(1).all()],
  ["run", (db: D1Database) => db.prepare("SELECT 1").run()],
  ["batch", (db: D1Database) => db.batch([db.prepare("SELECT 1")])],
])("a database that hangs is given up: %s", async (_, ask) => {
  const answer = expect(ask(timedD1(hangs, 30_000))).rejects.toThrow("D1 did not answer within 30000 ms");
  await vi.advanceTimersByTimeAsync(30_000);
  await answer;
});

test("a batch hands the real statements on, and an answer leaves no timer behind", async () => {
  const given: unknown[] = [];
  const real = { bind: (...values: unknown[]) => ({ values }) };
  const works = { prepare: () => real, batch: async (statements: unknown[]) => given.push(...statements) } as unknown as D1Database;
  const db = timedD1(works, 30_000);
  await db.batch([db.prepare("SELECT ?").bind(7)]);
  expect(given).toEqual([{ values: [7] }]);
  expect(vi.getTimerCount()).toBe(0);
});
