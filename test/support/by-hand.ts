import { afterEach, beforeEach, vi } from "vitest";
import { faults, heal } from "./faults.ts";
import { clock } from "./worker.ts";

/**
 * For tests that do by hand what the platform does by itself: messages are kept for the test to deliver, and the clock is an hour ahead, so
 * that no alarm goes off, to send something in the middle of another test. All is as it was after each test.
 */
export function byHand(): void {
  beforeEach(() => {
    faults.captured = [];
    clock.aheadMs = 3_600_000;
  });
  afterEach(() => {
    clock.aheadMs = 0;
    heal();
    vi.restoreAllMocks();
  });
}
