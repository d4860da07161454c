import { expect, test } from "vitest";
import type { ObservedRequest } from "../../src/api/observed.ts";
import { requestLog } from "../../src/request-log.ts";

const request = (more: Partial<ObservedRequest> = {}): ObservedRequest => ({
  at: Date.parse("2026-11-20T10:00:00.000Z"),
  durationMs: 12,
  method: "GET",
  path: "/v1/events",
  status: 200,
  operation: "readLog",
  tenant: "acme",
  isRepeat: false,
  hasWritten: false,
  correlationId: "c-1",
  trace: { traceId: "a".repeat(32), spanId: "b".repeat(16), flags: "01" },
  ...more,
});

function logged(level: string | undefined, ...requests: readonly ObservedRequest[]): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  for (const one of requests) requestLog(level, (line) => lines.push(line))(one);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a request is one line of JSON, with its trace", () => {
  expect(logged("info", request())).toEqual([
    {
      level: "info",
      message: "request",
      at: "2026-11-20T10:00:00.000Z",
      method: "GET",
      path: "/v1/events",
      operation: "readLog",
      status: 200,
      durationMs: 12,
      tenant: "acme",
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      correlationId: "c-1",
    },
  ]);
});

test.each([
  ["off", []],
  ["error", [500, 503]],
  ["warn", [500, 503, 429]],
  ["info", [500, 503, 429, 404, 200]],
  [undefined, [500, 503, 429, 404, 200]],
  ["nonsense", [500, 503, 429, 404, 200]],
])("the level %s shows %j", (level, statuses) => {
  const all = [500, 503, 429, 404, 200].map((status) => request({ status }));
  expect(logged(level, ...all).map(({ status }) => status)).toEqual(statuses);
});
