import { z } from "@hono/zod-openapi";
import type { Appended } from "../../durable-objects/aggregate/contract.ts";
import { json } from "./answer.ts";
import { consistencyToken } from "./consistency.ts";
import { hash } from "./schemas.ts";

const line = z.object({ id: z.string(), version: z.int(), hash });

/** What an append answers. */
export const appended = z.object({ stream: z.string(), firstVersion: z.int(), lastVersion: z.int(), events: z.array(line) }).openapi("Appended");

/** What an append of nothing answers. */
export const nothingAppended = z.object({ stream: z.string(), events: z.array(line).max(0) }).openapi("NothingAppended");

/** The answer to an append; also what a repeat gets. */
export function answerAppend(stream: string, result: Appended): Response {
  const { firstVersion, lastVersion } = versionsOf(result);
  return json({ stream, firstVersion, lastVersion, events: result.events }, result.created ? 201 : 200, appendHeaders(stream, result));
}

/** The first and the last version of what was appended, or was there already. */
export function versionsOf({ events }: Appended): { readonly firstVersion: number; readonly lastVersion: number } {
  const versions = events.map(({ version }) => version);
  return { firstVersion: Math.min(...versions), lastVersion: Math.max(...versions) };
}

/** The headers of an answer that speaks of one stream. */
export function appendHeaders(stream: string, result: Appended): Readonly<Record<string, string>> {
  const { firstVersion, lastVersion } = versionsOf(result);
  return {
    etag: `"${lastVersion}"`,
    "consistency-token": consistencyToken(stream, lastVersion),
    ...(result.created && { location: `/v1/streams/${stream}/events?from=${firstVersion}` }),
    ...(result.replayed && { "idempotency-replayed": "true" }),
  };
}
