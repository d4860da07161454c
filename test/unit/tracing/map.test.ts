import { expect, test } from "vitest";
import type { HopOutline } from "../../../src/tracing/read-traces.ts";
import { mapOf } from "../../../src/tracing/trace-map.ts";

const hop = (more: Partial<HopOutline>): HopOutline => ({
  trace: "t",
  service: "api",
  parent: null,
  isRemote: false,
  durationMs: 1,
  isError: false,
  spanIds: [],
  asked: [],
  ...more,
});

test("a map says who calls whom by the spans that are each other's parents, within a trace", () => {
  const map = mapOf(
    [
      hop({ spanIds: ["a1", "a2"], parent: "x", isRemote: true, durationMs: 40 }),
      hop({ service: "aggregate:note", parent: "a2", spanIds: ["b"], durationMs: 10 }),
      hop({ service: "aggregate:note", parent: "a2", spanIds: ["c"], durationMs: 30, isError: true, trace: "t" }),
      hop({ service: "aggregate:note", parent: "a2", spanIds: ["d"], durationMs: 20, trace: "another" }),
      hop({ service: "subscription:s", parent: "a1", asked: [{ host: "shop.example", durationMs: 7, isError: true }] }),
    ],
    2,
  );
  const traffic = { errors: 0, perMinute: 0.5, calls: 1 };
  expect(map.nodes).toEqual([
    { service: "aggregate:note", calls: 3, errors: 1, perMinute: 1.5, p50Ms: 20, p95Ms: 30 },
    { service: "api", ...traffic, p50Ms: 40, p95Ms: 40 },
    { service: "subscription:s", ...traffic, p50Ms: 1, p95Ms: 1 },
  ]);
  expect(map.edges).toEqual([
    { from: "api", to: "aggregate:note", calls: 2, errors: 1, perMinute: 1, p50Ms: 10, p95Ms: 30 },
    { from: "client", to: "api", ...traffic, p50Ms: 40, p95Ms: 40 },
    { from: "api", to: "subscription:s", ...traffic, p50Ms: 1, p95Ms: 1 },
    { from: "subscription:s", to: "→ shop.example", ...traffic, errors: 1, p50Ms: 7, p95Ms: 7 },
  ]);
});
