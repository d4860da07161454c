import { z } from "@hono/zod-openapi";
import type { AppendRequest, EventDraft, IdempotencyKey } from "../../../durable-objects/aggregate/contract.ts";
import { dataHash, type EventMetadata, type JsonText, type Priority } from "../../kernel/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { answerAppend, appended, nothingAppended } from "../append-answer.ts";
import { attributeLines, cloudEventsBody, cloudEventsOf, criticalOf, draftOf } from "../cloudevents.ts";
import { areCritical, criticalRefusal } from "../critical.ts";
import { MAX_BODY_BYTES, MAX_EVENTS, overLimits, reservedStream } from "../draft-limits.ts";
import { undecided } from "../decided.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { withKey } from "../idempotency.ts";
import { idempotencyKey, keyedConditional, precondition } from "../preconditions.ts";
import { refused } from "../refusal.ts";
import { appendScope } from "../scope.ts";
import { clientMetadata, eventType, producerTime, streamName } from "../schemas.ts";

export { MAX_EVENT_BYTES } from "../draft-limits.ts";

const draft = z
  .strictObject({
    type: eventType,
    data: z.any().refine((data) => data !== undefined, "Expected data; null is data too"),
    id: z.string().min(1).max(256).optional(),
    time: producerTime.optional(),
    source: z.string().min(1).max(1024).optional(),
    schemaVersion: z.int().min(1).max(1_000_000).optional(),
    metadata: clientMetadata.optional(),
  })
  .openapi("NewEvent");

const appendBody = z
  .strictObject({ events: z.array(draft).min(1).max(MAX_EVENTS) })
  .openapi("Append", { example: { events: [{ type: "notes.NoteAdded", data: { text: "hello" } }] } });
const params = z.object({ stream: streamName });

export const appendEvents: Endpoint<typeof params, z.ZodObject, typeof appendBody> = {
  method: "post",
  path: "/v1/streams/{stream}/events",
  operationId: "appendEvents",
  scope: "events:write:{stream}",
  scopeOf: ({ params, services }) => appendScope(services, params.stream ?? ""),
  summary: "Append events to a stream, all or nothing",
  tag: "Streams",
  params,
  headers: keyedConditional,
  refuse: ({ params: { stream } }) => reservedStream(stream),
  body: { schema: appendBody, maxBytes: MAX_BODY_BYTES, pick: ["events", "*", "data"], isCritical: ({ events }) => areCritical(events.map(priorityOf)) },
  otherBody: { ...cloudEventsBody, handle: appendCloudEvents },
  answers: {
    201: { description: "Appended", schema: appended, headers: WRITTEN },
    200: {
      description: "Every event was here already, or there was none; nothing was written",
      schema: z.union([appended, nothingAppended]),
      headers: ["ETag?", "Consistency-Token?"],
    },
  },
  problems: [403, 409, 410, 412, 429, 503],
  handle: append,
};

async function append(call: Call<{ stream: string }, unknown, z.output<typeof appendBody>>): Promise<Response> {
  const events = drafts(call);
  if (events instanceof Response) return events;
  return appendDrafts(call, events, idempotencyKey(call.request, call.bytes));
}

async function appendCloudEvents(call: Call<{ stream: string }, unknown, undefined>): Promise<Response> {
  const read = cloudEventsOf(call);
  if (read instanceof Response) return read;
  if (read.events.length === 0) return json({ stream: call.params.stream, events: [] });
  const events = read.events.map((event) => draftOf(call, event));
  const refusal = criticalOf(call, events) ?? overLimits(events, read.pathOf) ?? undecided(call.services, call.params.stream, events, read.pathOf);
  return refusal ?? appendDrafts(call, events, idempotencyKey(call.request, call.bytes, attributeLines(call.request.headers)));
}

async function appendDrafts(
  { request, services, principal, params }: Call<{ stream: string }, unknown, unknown>,
  events: readonly EventDraft[],
  idempotency: IdempotencyKey | undefined | Response,
): Promise<Response> {
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  if (idempotency instanceof Response) return idempotency;
  const append: AppendRequest = { events, precondition: condition, ...(idempotency && { idempotency }) };
  return withKey(services, principal.tenant, idempotency, async () => {
    const result = await services.append(principal.tenant, params.stream, append);
    return result.ok ? answerAppend(params.stream, result) : refused(result);
  });
}

function drafts(call: Call<{ stream: string }, unknown, z.output<typeof appendBody>>): readonly EventDraft[] | Response {
  const { body, texts, principal } = call;
  const forbidden = criticalRefusal(principal, body.events.map(priorityOf));
  if (forbidden) return forbidden;
  const given = platformMetadata(call, principal.actor);
  const events = body.events.map(({ type, id, time, source = DEFAULT_SOURCE, schemaVersion = 1, metadata }, index) => ({
    ...(id !== undefined && { id }),
    ...(time !== undefined && { time }),
    source,
    type,
    schemaVersion,
    // One object for all that say nothing: it is written out and hashed once, and by the stream's object too where the append is a large one.
    metadata: metadata === undefined ? given : ({ ...given, ...metadata } as EventMetadata),
    data: texts[index] as JsonText,
  }));
  const pathOf = (index: number, field: string): string => `events[${index}].${field}`;
  const refusal = overLimits(events, pathOf);
  if (refusal) return refusal;
  const hashed = events.map((event, index) => ({ ...event, dataHash: dataHash(event.data, body.events[index]?.data) }));
  return undecided(call.services, call.params.stream, hashed, pathOf) ?? hashed;
}

function priorityOf({ metadata }: z.output<typeof draft>): Priority | undefined {
  return metadata?.priority;
}

/** The `source` of what comes in without one. */
const DEFAULT_SOURCE = "/v1";
