import { z } from "@hono/zod-openapi";
import type { AppendRequest, EventDraft } from "../../../durable-objects/aggregate/contract.ts";
import { categoryOf, dataHash, isPlatformCategory, type JsonText } from "../../kernel/index.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey, precondition } from "../preconditions.ts";
import { problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { clientMetadata, eventType, hash, streamName, time } from "../schemas.ts";

/** An event's data, at most, as stored. */
export const MAX_EVENT_BYTES = 1024 * 1024;
/** An append's data, at most, as stored. */
const MAX_APPEND_BYTES = 8 * 1024 * 1024;
/** White space and envelopes come on top of the data, up to as much again. */
const MAX_BODY_BYTES = 2 * MAX_APPEND_BYTES;

const draft = z
  .strictObject({
    type: eventType,
    data: z.any().refine((data) => data !== undefined, "Expected data; null is data too"),
    id: z.string().min(1).max(256).optional(),
    time: time.optional(),
    source: z.string().min(1).max(1024).optional(),
    schemaVersion: z.int().min(1).max(1_000_000).optional(),
    metadata: clientMetadata.optional(),
  })
  .openapi("NewEvent");

const appendBody = z
  .strictObject({ events: z.array(draft).min(1).max(1000) })
  .openapi("Append", { example: { events: [{ type: "notes.NoteAdded", data: { text: "hello" } }] } });
const params = z.object({ stream: streamName });

/** What an append answers. */
export const appended = z
  .object({ stream: z.string(), firstVersion: z.int(), lastVersion: z.int(), events: z.array(z.object({ id: z.string(), version: z.int(), hash })) })
  .openapi("Appended");

export const appendEvents: Endpoint<typeof params, z.ZodObject, typeof appendBody> = {
  method: "post",
  path: "/v1/streams/{stream}/events",
  operationId: "appendEvents",
  summary: "Append events to a stream, all or nothing",
  tag: "Streams",
  params,
  headers: z.object({ "idempotency-key": z.string().max(257).optional(), "if-match": z.string().optional(), "if-none-match": z.string().optional() }),
  body: { schema: appendBody, maxBytes: MAX_BODY_BYTES, pick: ["events", "*", "data"] },
  answers: {
    201: { description: "Appended", schema: appended },
    200: { description: "Every event was here already; nothing was written", schema: appended },
  },
  problems: [403, 409, 412, 503],
  handle: append,
};

async function append(call: Call<{ stream: string }, unknown, z.output<typeof appendBody>>): Promise<Response> {
  const { request, services, principal, params } = call;
  if (isPlatformCategory(categoryOf(params.stream))) {
    return problem({ status: 403, code: "reserved_category", detail: `The category ${categoryOf(params.stream)} is the platform's; only it appends there.` });
  }
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const idempotency = idempotencyKey(request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  const events = drafts(call);
  if (events instanceof Response) return events;
  const append: AppendRequest = { events, precondition: condition, ...(idempotency && { idempotency }) };
  const result = await services.objectFor(principal.tenant, params.stream).append(append);
  if (!result.ok) return refused(result);
  return answerAppend(params.stream, result);
}

/** The answer to an append; also what a repeat gets. */
export function answerAppend(
  stream: string,
  { created, replayed, events }: { created: boolean; replayed: boolean; events: readonly { id: string; version: number; hash: string }[] },
): Response {
  const versions = events.map((event) => event.version);
  const lastVersion = Math.max(...versions);
  return json({ stream, firstVersion: Math.min(...versions), lastVersion, events }, created ? 201 : 200, {
    etag: `"${lastVersion}"`,
    "consistency-token": consistencyToken(stream, lastVersion),
    ...(created && { location: `/v1/streams/${stream}/events?from=${Math.min(...versions)}` }),
    ...(replayed && { "idempotency-replayed": "true" }),
  });
}

function drafts(call: Call<{ stream: string }, unknown, z.output<typeof appendBody>>): readonly EventDraft[] | Response {
  const { body, texts, principal } = call;
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const large = sizes.findIndex((size) => size > MAX_EVENT_BYTES);
  if (large >= 0)
    return problem({ status: 413, code: "event_too_large", detail: `events[${large}].data is ${sizes[large]} bytes, expected at most ${MAX_EVENT_BYTES}.` });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_APPEND_BYTES)
    return problem({ status: 413, code: "append_too_large", detail: `The data of all events is ${total} bytes, expected at most ${MAX_APPEND_BYTES}.` });
  const seen = new Map<string, number>();
  for (const [index, { id, source = DEFAULT_SOURCE }] of body.events.entries()) {
    if (id === undefined) continue;
    const first = seen.get(`${source}\n${id}`);
    if (first !== undefined) return invalidInput([{ path: `events[${index}].id`, message: `Stands in events[${first}] too, with the same source` }]);
    seen.set(`${source}\n${id}`, index);
  }
  const given = platformMetadata(call, principal.actor);
  return body.events.map(({ type, id, time, source = DEFAULT_SOURCE, schemaVersion = 1, metadata }, index) => {
    const data = texts[index] as JsonText;
    return {
      ...(id !== undefined && { id }),
      ...(time !== undefined && { time }),
      source,
      type,
      schemaVersion,
      metadata: { ...given, ...metadata },
      data,
      dataHash: dataHash(data),
    } as EventDraft;
  });
}

/** The `source` of what comes in without one. */
const DEFAULT_SOURCE = "/v1";
