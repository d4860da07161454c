import { expect, test } from "vitest";
import { dollarsPerMillion, KINDS, perEvent, type Usage } from "../../bench/cost/prices.ts";
import { queueOperationsOf } from "../../src/metrics/prices.ts";

const NOTHING = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as unknown as Usage;

test("each kind of use has its list price for a million", () => {
  const priceOf = (kind: keyof Usage): number => dollarsPerMillion({ ...NOTHING, [kind]: 1 });
  expect(Object.fromEntries(KINDS.map((kind) => [kind, priceOf(kind)]))).toEqual({
    requests: 0.3,
    objectRequests: 0.15,
    objectRowsWritten: 1,
    objectRowsRead: 0.001,
    logRowsWritten: 1,
    logRowsRead: 0.001,
    viewRowsWritten: 1,
    viewRowsRead: 0.001,
    queueOperations: 0.4,
  });
});

test("a million events cost what each of them uses, added up", () => {
  const usage: Usage = { ...NOTHING, requests: 10, objectRequests: 20, objectRowsWritten: 20, queueOperations: 30, logRowsRead: 320 };
  expect(perEvent(usage, 10)).toEqual({ ...NOTHING, requests: 1, objectRequests: 2, objectRowsWritten: 2, queueOperations: 3, logRowsRead: 32 });
  expect(dollarsPerMillion(perEvent(usage, 10))).toBeCloseTo(0.3 + 0.3 + 2 + 1.2 + 0.032, 10);
});

test("a message is three operations for each 64 KB, and at least three", () => {
  expect([0, 1, 64_000, 64_001, 128_000, 128_001].map(queueOperationsOf)).toEqual([3, 3, 3, 6, 6, 9]);
});
