import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeadlineError, within } from "../../src/deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what must be done within a time", () => {
  test("gives what it gives, or fails as it fails, and leaves no timer", async () => {
    await expect(within(1_000, "the log", Promise.resolve(7))).resolves.toBe(7);
    await expect(within(1_000, "the log", Promise.reject(new TypeError("its own")))).rejects.toThrow(TypeError);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is given up then, with a sentence that says who was waited for; what comes of it later is nobody's", async () => {
    let fail: (fault: Error) => void = () => {};
    const late = within(1_000, "the log", new Promise((_, reject) => (fail = reject)));
    const given = expect(late).rejects.toThrow(new DeadlineError("the log did not answer within 1000 ms"));
    vi.advanceTimersByTime(999);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    await given;
    fail(new Error("too late"));
    await vi.runAllTimersAsync();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("takes what is no promise of the language's own, as calls of objects give it", async () => {
    const call = { then: (settle: (value: string) => void) => settle("answered") } as unknown as Promise<string>;
    await expect(within(1_000, "the object", call)).resolves.toBe("answered");
    expect(vi.getTimerCount()).toBe(0);
  });
});
