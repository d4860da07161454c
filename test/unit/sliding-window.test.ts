import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SlidingWindow } from "../../src/kernel/index.ts";

test("in no window more than the limit is admitted, and nothing is refused that fits", () => {
  const given = fc.record({
    limit: fc.integer({ min: 1, max: 8 }),
    period: fc.integer({ min: 1, max: 20 }),
    steps: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 200 }),
  });
  fc.assert(
    fc.property(given, ({ limit, period, steps }) => {
      const window = new SlidingWindow(limit, period);
      const admitted: number[] = [];
      let now = 1_000;
      for (const step of steps) {
        now += step;
        const inWindow = admitted.filter((at) => at > now - period).length;
        expect(window.free(now)).toBe(limit - inWindow);
        expect(window.admit(now)).toBe(inWindow < limit);
        if (inWindow < limit) admitted.push(now);
        const oldest = admitted.find((at) => at > now - period);
        expect(window.untilMore(now)).toBe(oldest === undefined ? 0 : oldest + period - now);
      }
    }),
  );
});

test("a burst is the whole limit, and the next one comes a period later, not a millisecond earlier", () => {
  const window = new SlidingWindow(50, 10_000);
  expect(Array.from({ length: 200 }, () => window.admit(5_000)).filter(Boolean)).toHaveLength(50);
  expect(window.admit(14_999)).toBe(false);
  expect(window.admit(15_000)).toBe(true);
  expect(window.free(15_000)).toBe(49);
});
