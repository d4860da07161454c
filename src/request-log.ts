import type { ObservedRequest } from "./api/observed.ts";

/** What is written to the log, the gravest first. */
const LEVELS = ["off", "error", "warn", "info"] as const;

/** Where nothing else is said: each request. */
const DEFAULT_LEVEL = "info";

/**
 * One line of JSON for each request, from a level on: `error` for what the platform failed at, `warn` for what it refused under load,
 * `info` for everything. There is no query, no header and no body in it, so no key, no ticket and no data either.
 */
export function requestLog(level: string | undefined, write: (line: string) => void): (request: ObservedRequest) => void {
  const asked = LEVELS.indexOf((level ?? DEFAULT_LEVEL) as (typeof LEVELS)[number]);
  const shown = asked < 0 ? LEVELS.indexOf(DEFAULT_LEVEL) : asked;
  return (request) => {
    const own = request.status >= 500 ? "error" : request.status === 429 ? "warn" : "info";
    if (LEVELS.indexOf(own) <= shown) write(JSON.stringify({ level: own, message: "request", ...line(request) }));
  };
}

function line({ at, method, path, operation, status, durationMs, tenant, trace, correlationId }: ObservedRequest): object {
  return {
    at: new Date(at).toISOString(),
    method,
    path: path.slice(0, 500).toWellFormed(),
    operation,
    status,
    durationMs,
    tenant,
    traceId: trace.traceId,
    spanId: trace.spanId,
    correlationId,
  };
}
