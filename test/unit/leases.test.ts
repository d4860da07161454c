import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Leased, Leases } from "../../src/identity/leases.ts";
import { countedFor, isLeased, largestLease, LEASE_USED, SlidingWindow } from "../../src/kernel/index.ts";

/** The object's part, over the same window. */
function counter(limit: { readonly limit: number; readonly periodSeconds: number }, now: () => number) {
  const window = new SlidingWindow(limit.limit, countedFor(limit));
  let calls = 0;
  return {
    calls: () => calls,
    async lease(wanted: number): Promise<Leased> {
      calls++;
      let granted = 0;
      for (const most = Math.min(wanted, largestLease(limit)); granted < most && window.admit(now()); granted++);
      return { granted, remaining: window.free(now()), resetSeconds: Math.ceil(window.untilMore(now()) / 1_000) };
    },
  };
}

test("limits of up to 100 requests a second are asked for one by one; larger ones a tenth at a time at most", () => {
  expect(isLeased({ limit: 100, periodSeconds: 1 })).toBe(false);
  expect(largestLease({ limit: 6_000, periodSeconds: 60 })).toBe(1);
  expect(isLeased({ limit: 101, periodSeconds: 1 })).toBe(true);
  expect(largestLease({ limit: 101, periodSeconds: 1 })).toBe(10);
});

test("however many isolates lease, and whenever they use it, no window has more than the limit", async () => {
  const given = fc.record({
    limit: fc.integer({ min: 101, max: 400 }),
    isolates: fc.integer({ min: 1, max: 5 }),
    steps: fc.array(
      fc.record({
        wait: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 3 }) }, { weight: 1, arbitrary: fc.integer({ min: 100, max: 700 }) }),
        isolate: fc.nat(4),
        together: fc.integer({ min: 1, max: 20 }),
      }),
      { maxLength: 150 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(given, async ({ limit, isolates, steps }) => {
      let now = 1_000;
      const rate = { limit, periodSeconds: 1 };
      const object = counter(rate, () => now);
      const leases = Array.from({ length: isolates }, () => new Leases(() => now));
      const admitted: number[] = [];
      for (const { wait, isolate, together } of steps) {
        now += wait;
        const of = leases[isolate % isolates] as Leases;
        const taken = await Promise.all(Array.from({ length: together }, () => of.take("key", rate, (wanted) => object.lease(wanted))));
        for (const { isAdmitted } of taken) if (isAdmitted) admitted.push(now);
      }
      for (const [index, at] of admitted.entries()) expect((admitted[index + limit] ?? Infinity) - at).toBeGreaterThanOrEqual(1_000);
    }),
    { numRuns: 200 },
  );
});

test("what is leased at once and used late counts from when it is used", async () => {
  let now = 0;
  const rate = { limit: 400, periodSeconds: 1 };
  const object = counter(rate, () => now);
  const [late, greedy] = [new Leases(() => now), new Leases(() => now)];
  const admitted: number[] = [];
  const take = async (of: Leases, most: number): Promise<void> => {
    for (let n = 0; n < most; n++) if ((await of.take("key", rate, (wanted) => object.lease(wanted))).isAdmitted) admitted.push(now);
  };
  // 1 + 2 + 4 + 8 + 16 + 32, and one of the next 40.
  await take(late, 64);
  await take(greedy, 400);
  now += LEASE_USED - 1;
  await take(late, 39);
  const usedLate = admitted.filter((at) => at === now).length;
  expect(usedLate).toBe(39);
  now = 1_000;
  await take(greedy, 400);
  await take(late, 400);
  for (const [index, at] of admitted.entries()) expect((admitted[index + rate.limit] ?? Infinity) - at).toBeGreaterThanOrEqual(1_000);
});

test("an isolate that is busy asks seldom: twice as many at a time, up to a tenth", async () => {
  let now = 0;
  const rate = { limit: 10_000, periodSeconds: 10 };
  const object = counter(rate, () => now);
  const leases = new Leases(() => now);
  for (let n = 0; n < 5_000; n++) {
    if (n % 100 === 0) now++;
    expect((await leases.take("key", rate, (wanted) => object.lease(wanted))).isAdmitted).toBe(true);
  }
  // 1 + 2 + 4 + … + 512, then 1,000 each time.
  expect(object.calls()).toBe(14);
});

test("what was leased and not used in time is not used later, and less is asked for", async () => {
  let now = 0;
  const rate = { limit: 1_000, periodSeconds: 1 };
  const wanted: number[] = [];
  const object = counter(rate, () => now);
  const leases = new Leases(() => now);
  const take = (): Promise<unknown> =>
    leases.take("key", rate, (many) => {
      wanted.push(many);
      return object.lease(many);
    });
  for (let n = 0; n < 8; n++) await take();
  expect(wanted).toEqual([1, 2, 4, 8]);
  now += LEASE_USED;
  await take();
  // Seven of eight were not used.
  expect(wanted.at(-1)).toBe(16 - 7);
});

test("a lease that is not answered leaves the isolate asking, not stuck", async () => {
  const leases = new Leases(() => 0);
  const rate = { limit: 1_000, periodSeconds: 1 };
  await expect(leases.take("key", rate, () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  expect(await leases.take("key", rate, async () => ({ granted: 1, remaining: 5, resetSeconds: 1 }))).toEqual({
    isAdmitted: true,
    remaining: 5,
    resetSeconds: 1,
  });
});
