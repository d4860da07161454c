import { loggedStream } from "../log/read-log.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** Says "at least as new as this append": a stream and its version. Opaque to clients. */
export function consistencyToken(stream: string, version: number): string {
  return `${stream}@${version}`;
}

/**
 * Makes sure that log and views have what the request's `Consistency-Token` (or `?token=`) speaks of, by projecting that stream
 * itself, at once. Tries again up to `Prefer: wait=<s>` (5 where left out, 30 at most), then 503. Undefined where all is well.
 */
export async function awaitToken(services: Services, tenant: string, request: Request): Promise<Response | undefined> {
  const token = request.headers.get("consistency-token") ?? new URL(request.url).searchParams.get("token");
  if (token === null) return undefined;
  const [, stream, version] = /^([a-z][a-z0-9_]*-[A-Za-z0-9._~:-]{1,200})@(\d{1,15})$/.exec(token) ?? [];
  if (stream === undefined) return problem({ status: 422, code: "invalid_token", detail: "Expected the Consistency-Token of an earlier answer." });
  const [, seconds] = /\bwait=(\d{1,3})\b/.exec(request.headers.get("prefer") ?? "") ?? [];
  const deadline = Date.now() + Math.min(Number(seconds ?? 5), 30) * 1000;
  for (;;) {
    await services.projectNow(tenant, stream, Number(version));
    const logged = await loggedStream(services.shardOf(tenant).log, tenant, stream);
    if (logged !== undefined && logged.version >= Number(version)) return undefined;
    if (Date.now() >= deadline)
      return problem({
        status: 503,
        code: "not_yet_consistent",
        detail: `The log has not got ${stream} version ${version} yet.`,
        headers: { "retry-after": "1" },
      });
    await scheduler.wait(100);
  }
}
