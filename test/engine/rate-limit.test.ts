import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { RateLimitObject } from "../../durable-objects/rate-limit.ts";
import { env } from "../support/engine.ts";

const DAY = { periodSeconds: 86_400 };
const objectOf = (name: string): DurableObjectStub<RateLimitObject> => env.RATE_LIMIT.get(env.RATE_LIMIT.idFromName(`rates/key:${name}`));

async function take(name: string, limit: number, count: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, () => objectOf(name).take({ limit, ...DAY })));
  return answers.filter(({ isAdmitted }) => isAdmitted).length;
}

const rowsOf = (name: string): Promise<number> => runInDurableObject(objectOf(name), (_, { storage }) => [...storage.kv.list()].length);

test("over restarts no more than the limit is let through, and little less", async () => {
  let admitted = 0;
  for (let restart = 0; restart < 5; restart++) {
    admitted += await take("restarted", 100, 15);
    await evictDurableObject(objectOf("restarted"));
  }
  admitted += await take("restarted", 100, 200);
  // Five restarts, each of which loses what was left of one twentieth.
  expect(admitted).toBeLessThanOrEqual(100);
  expect(admitted).toBeGreaterThanOrEqual(100 - 5 * 4);
});

test("a small limit is exact over restarts", async () => {
  let admitted = 0;
  for (let restart = 0; restart < 9; restart++) {
    admitted += await take("small", 7, 1);
    await evictDurableObject(objectOf("small"));
  }
  expect(admitted).toBe(7);
});

test("one request in twenty of a full limit is written down, in no more rows than there are parts", async () => {
  expect(await take("rows", 1_000, 1_000)).toBe(1_000);
  expect(await rowsOf("rows")).toBe(20);
  expect(await take("rows", 1_000, 10)).toBe(0);
  expect(await rowsOf("rows")).toBe(20);
});

test("a large limit is leased a tenth at a time, over restarts never more than it is", async () => {
  const large = { limit: 20_000, periodSeconds: 100 };
  const lease = (wanted: number) => objectOf("leased").lease({ ...large, wanted });
  let granted = 0;
  for (let asked = 0; asked < 5; asked++) {
    const given = await lease(10_000);
    expect(given.granted).toBe(2_000);
    granted += given.granted;
    await evictDurableObject(objectOf("leased"));
  }
  for (let asked = 0; asked < 10; asked++) granted += (await lease(2_000)).granted;
  expect(granted).toBeLessThanOrEqual(20_000);
  expect(granted).toBeGreaterThanOrEqual(20_000 - 5 * 1_000);
  expect((await lease(1)).granted).toBe(0);
});
