import { z } from "@hono/zod-openapi";
import { loggedStream } from "../log/read-log.ts";
import { standings } from "../views/standing.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** What a read takes that can wait for a write, for the description. */
export const freshness = z.object({ "consistency-token": z.string().optional(), prefer: z.string().optional().openapi({ example: "wait=5" }) });

/** What one append wrote: a read is to be at least as new. */
export interface Written {
  readonly stream: string;
  readonly version: number;
}

/** Streams that one token names at most: it has to fit into a header. */
export const MOST_STREAMS = 32;

/** Says "at least as new as this append": streams and their versions. Opaque to clients. */
export function consistencyToken(stream: string, version: number): string {
  return `${stream}@${version}`;
}

/** One token for what went to several streams; undefined over 32 of them, for then it would not fit into a header. */
export function consistencyTokenOf(written: readonly Written[]): string | undefined {
  if (written.length === 0 || written.length > MOST_STREAMS) return undefined;
  return written.map(({ stream, version }) => consistencyToken(stream, version)).join("+");
}

/** What an answer's token names. */
export function writtenOf(token: string): readonly Written[] {
  return readToken(token) ?? [];
}

/** What a token names; undefined where no answer can have given it. */
function readToken(token: string): readonly Written[] | undefined {
  const parts = token.split("+").map((part) => /^([a-z][a-z0-9_]*-[A-Za-z0-9._~:-]{1,200})@(\d{1,15})$/.exec(part));
  if (parts.length > MOST_STREAMS || parts.includes(null)) return undefined;
  return parts.map((part) => ({ stream: part?.[1] as string, version: Number(part?.[2]) }));
}

/** The `Consistency-Token` that a read brings, or its `?token=`. */
export function tokenOf(request: Request): string | null {
  return request.headers.get("consistency-token") ?? new URL(request.url).searchParams.get("token");
}

/**
 * Makes sure that the log (and, where one is named, the view) has what the request's `Consistency-Token` (or `?token=`) speaks of, by projecting those streams
 * itself, at once. Tries again up to `Prefer: wait=<s>` (5 where left out, 30 at most), then 503. Undefined where all is well.
 */
export async function awaitToken(services: Services, tenant: string, request: Request, view?: string): Promise<Response | undefined> {
  const token = tokenOf(request);
  if (token === null) return undefined;
  const written = readToken(token);
  if (written === undefined) return problem({ status: 422, code: "invalid_token", detail: "Expected the Consistency-Token of an earlier answer." });
  const heads = await Promise.all(written.map(({ stream }) => services.objectFor(tenant, stream).describe()));
  const future = written.find(({ version }, index) => (heads[index]?.version ?? 0) < version);
  if (future !== undefined) {
    return problem({
      status: 422,
      code: "invalid_token",
      detail: `The stream ${future.stream} has not got to version ${future.version}: no answer gave this token.`,
    });
  }
  const [, seconds] = /\bwait=(\d{1,3})\b/.exec(request.headers.get("prefer") ?? "") ?? [];
  const deadline = Date.now() + Math.min(Number(seconds ?? 5), 30) * 1000;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    await services.projectNow(tenant, written);
    const logged = await Promise.all(written.map(({ stream }) => loggedStream(services.shardOf(tenant).log, tenant, stream)));
    const missing = written.find(({ version }, index) => (logged[index]?.version ?? 0) < version);
    if (missing === undefined) {
      const late = view === undefined ? undefined : await lateView(services, tenant, view, Math.max(...logged.map((row) => row?.position ?? 0)));
      if (late === undefined || late instanceof Response) return late;
    }
    if (Date.now() >= deadline) {
      const { stream, version } = missing ?? (written[0] as Written);
      return problem({
        status: 503,
        code: "not_yet_consistent",
        detail: `What you ask for has not got ${stream} version ${version} yet.`,
        headers: { "retry-after": "1" },
      });
    }
    await scheduler.wait(pause);
  }
}

/** Undefined where the view has this position, "late" where it will, an answer where it will not by itself. */
async function lateView(services: Services, tenant: string, view: string, position: number): Promise<"late" | Response | undefined> {
  const known = services.views.filter(({ name }) => name === view);
  const [standing] = await standings(services.shardOf(tenant).views, tenant, known, Date.now());
  if (standing === undefined || (standing.position >= position && standing.state !== "faulted")) return undefined;
  if (standing.state === "faulted") {
    return problem({
      status: 503,
      code: "view_faulted",
      detail: `The view ${view} is faulted at position ${standing.position}: ${standing.error}`,
      headers: { "retry-after": "60" },
    });
  }
  if (standing.isNew) await services.dispatcherFor(tenant).wake();
  if (!standing.isFrozen) return "late";
  return problem({
    status: 503,
    code: "view_rebuilding",
    detail: `The view ${view} stands at position ${standing.position} while it is built anew, by code that has changed.`,
    headers: { "retry-after": "5", "x-view-position": String(standing.position) },
  });
}
