import { z } from "@hono/zod-openapi";
import {
  type AfterLetter,
  deadLetter,
  deadLetterId,
  followerOf,
  followersWithDeadLetters,
  listDeadLetters,
  type ParkedLetter,
  parseDeadLetterId,
  unparkDeadLetters,
} from "../../followers/dead-letters.ts";
import { handlerStream } from "../../followers/handler-operations.ts";
import { subscriptionStream } from "../../followers/subscription.ts";
import { uuid7 } from "../../kernel/index.ts";
import { json, jsonBytes } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKeptAnswer, withKey } from "../idempotency.ts";
import { idempotencyKey } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { cursor, limit, page, recordedEvent, streamName, time, topicPattern } from "../schemas.ts";
import type { Services } from "../services.ts";
import { headersOf, tell } from "../subscriptions/command.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";
import { attempt } from "../subscriptions/shown.ts";
import { MOST_WAITING, waitingBehind } from "../subscriptions/waiting-behind.ts";
import { PAGE_BYTES } from "./log.ts";

const TAG = "Dead letters";
/** Followers that one redrive reaches, at most. */
const MOST_FOLLOWERS = 200;
/** An event's data that stands in for what was parked, as JSON, and what is said beside it. */
const MAX_EDIT_BYTES = 1_100_000;

const letter = z.object({
  id: z.string().openapi({ example: "019a9c5e-8d2f-7c41-9b0e-3f1d5a6b7c8d~812" }),
  subscription: z.string().describe("Its id; of a handler, `handler:` and its name"),
  event: recordedEvent,
  attempts: z.array(attempt).describe("Every one there was, the oldest first"),
  parkedAt: z.string(),
});
const oneLetter = letter
  .extend({
    waitingBehind: z
      .int()
      .nullable()
      .describe(`Events of its stream that wait until it is redriven or dropped, among the next ${MOST_WAITING}; null where none has to wait`),
  })
  .openapi("DeadLetter");

const follower = z.string().min(1).max(200);
const filter = {
  subscription: follower.optional(),
  type: topicPattern.optional(),
  stream: streamName.optional(),
  since: time.optional(),
  until: time.optional(),
};
const listQuery = z.object({ ...filter, limit, cursor });
const afterLetter = z.object({ parkedAt: z.string().max(40), subscription: z.string().max(300), position: z.int() });

export const deadLetters: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/dead-letters",
  operationId: "listDeadLetters",
  summary: "What could not be delivered, in the order in which it was given up; `since` and `until` mean that time",
  tag: TAG,
  query: listQuery,
  answers: { 200: { description: "A page", schema: page(letter) } },
  async handle({ services, principal: { tenant }, query: { limit, cursor, ...asked } }) {
    const after = readCursor<AfterLetter>("dead-letters", afterLetter, cursor);
    if (after instanceof Response) return after;
    const found = await listDeadLetters(services.shardOf(tenant).views, tenant, {
      filter: stated(asked),
      limit,
      maxBytes: PAGE_BYTES,
      ...(after && { after }),
    });
    const next = found.next === undefined ? "null" : JSON.stringify(writeCursor("dead-letters", { ...found.next }));
    return jsonBytes(`{"items":[${found.letters.map((one) => letterText(one)).join(",")}],"next":${next}}`);
  },
};

/** The event's text goes out as it is stored: numbers to the digit. */
function letterText(parked: ParkedLetter, more: object = {}): string {
  const { subscription, event, attempts, parkedAt } = parked;
  const beside = JSON.stringify({ id: deadLetterId(parked), subscription, attempts, parkedAt, ...more });
  return `${beside.slice(0, -1)},"event":${event}}`;
}

type Asked = { readonly [Name in keyof typeof filter]?: string | undefined };

/** What was said, without what was not. */
function stated(asked: Asked): { readonly [Name in keyof Asked]?: string } {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

const params = z.object({ id: z.string().max(300) });

export const getDeadLetter: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/dead-letters/{id}",
  operationId: "getDeadLetter",
  summary: "A dead letter, with the error of each attempt",
  tag: TAG,
  params,
  answers: { 200: { description: "The dead letter", schema: oneLetter } },
  problems: [404],
  async handle({ services, principal: { tenant }, params: { id } }) {
    const found = await letterById(services, tenant, id);
    if (found === undefined) return noLetter(id);
    return jsonBytes(letterText(found, { waitingBehind: await waitingBehind(services, tenant, found) }));
  },
};

async function letterById(services: Services, tenant: string, id: string): Promise<ParkedLetter | undefined> {
  const key = parseDeadLetterId(id);
  return key && deadLetter(services.shardOf(tenant).views, tenant, key);
}

function noLetter(id: string): Response {
  return notFound(`There is no dead letter ${id}.`);
}

const keyed = z.object({ "idempotency-key": z.string().max(257).optional() });
const reason = z.string().min(1).max(1_000);
const redriveBody = z
  .strictObject({ edit: z.any().optional().openapi({ description: "Data to deliver in the place of the event's own, this once" }), reason: reason.optional() })
  .openapi("Redrive", { example: { edit: { total: 12 }, reason: "The total was a text" } });

export const redriveDeadLetter: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/dead-letters/{id}/redrive",
  operationId: "redriveDeadLetter",
  summary: "Deliver a dead letter again, and then what waits behind it; it is one until that succeeds",
  tag: TAG,
  params,
  headers: keyed,
  rawBody: optionalBody(redriveBody, MAX_EDIT_BYTES),
  answers: { 202: { description: "It is tried again", schema: z.object({ id: z.string(), subscription: z.string() }) } },
  problems: [404, 409, 429],
  handle: redrive,
};

async function redrive(call: Call<{ id: string }, unknown, unknown>): Promise<Response> {
  const { services, principal, params, request, bytes } = call;
  const body = readOptional(call, redriveBody);
  if (body instanceof Response) return body;
  const idempotency = idempotencyKey(request, bytes);
  if (idempotency instanceof Response) return idempotency;
  const key = parseDeadLetterId(params.id);
  if (key === undefined) return noLetter(params.id);
  const told = followerOf(key.subscription);
  return withKey(services, principal.tenant, idempotency, async () => {
    const prepare = async () => {
      const found = await letterById(services, principal.tenant, params.id);
      if (found === undefined) return noLetter(params.id);
      return goneFollower(services, told) ?? { data: { position: key.position, ...body } };
    };
    const sent = await tell(call, { ...told, command: "Redrive", prepare, idempotency });
    if (sent instanceof Response) return sent;
    const stream = told.kind === "handler" ? handlerStream(told.id) : subscriptionStream(told.id);
    const { etag: _, ...headers } = headersOf(stream, sent, `/v1/dead-letters/${encodeURIComponent(params.id)}`);
    return json({ id: params.id, subscription: key.subscription }, 202, headers);
  });
}

type Follower = ReturnType<typeof followerOf>;

/** 409 for a handler that is no longer in the code: nobody is there to deliver to. */
function goneFollower(services: Services, { kind, id }: Follower): Response | undefined {
  if (kind === "subscription" || services.handlers.some(({ name }) => name === id)) return undefined;
  return problem({ status: 409, code: "no_such_handler", detail: `There is no handler ${id} any more: its dead letters can only be dropped.` });
}

const redriveAllBody = z
  .strictObject({ ...filter, reason: reason.optional() })
  .openapi("RedriveAll", { example: { type: "commerce.*", reason: "The shop is back" } });
const redrives = z.object({ redrives: z.array(z.object({ subscription: z.string(), id: z.string() })) }).openapi("Redrives");

export const redriveDeadLetters: Endpoint<z.ZodObject, z.ZodObject, typeof redriveAllBody> = {
  method: "post",
  path: "/v1/dead-letters/redrive",
  operationId: "redriveDeadLetters",
  summary: "Deliver all dead letters again that match, few at first; one that fails again stops those of its subscription",
  tag: TAG,
  headers: keyed,
  body: { schema: redriveAllBody, maxBytes: 16_384 },
  answers: { 202: { description: "What was begun; each subscription says how far its own has come", schema: redrives } },
  problems: [409, 429],
  handle: redriveAll,
};

async function redriveAll(call: Call<unknown, unknown, z.output<typeof redriveAllBody>>): Promise<Response> {
  const { services, principal, body } = call;
  const { reason, ...asked } = body;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  return withKeptAnswer(services, principal.tenant, idempotency, async () => {
    const wanted = stated(asked);
    const names = await followersWithDeadLetters(services.shardOf(principal.tenant).views, principal.tenant, wanted, MOST_FOLLOWERS + 1);
    if (names.length > MOST_FOLLOWERS)
      return invalidInput([{ path: "subscription", message: `Expected dead letters of ${MOST_FOLLOWERS} subscriptions at most: name one` }]);
    const { subscription: _, ...filter } = wanted;
    const begun: { subscription: string; id: string }[] = [];
    for (const subscription of names) {
      const told = followerOf(subscription);
      // Whose follower is gone has nobody to deliver to.
      if (goneFollower(services, told)) continue;
      const id = uuid7(Date.now());
      const data = { id, filter, ...(reason !== undefined && { reason }) };
      const sent = await tell(call, { ...told, command: "RedriveAll", prepare: () => ({ data }), idempotency });
      if (sent instanceof Response && sent.status === 404) continue;
      if (sent instanceof Response) return sent;
      begun.push({ subscription, id: (JSON.parse(sent.events[0]?.data ?? "{}") as { id?: string }).id ?? id });
    }
    return json({ redrives: begun }, 202);
  });
}

const dropQuery = z.object({ reason: z.string().max(1_000).optional() });
const dropBody = z.strictObject({ reason: reason.optional() }).openapi("Drop", { example: { reason: "A test order" } });

export const dropDeadLetter: Endpoint<typeof params, typeof dropQuery, z.ZodType> = {
  method: "delete",
  path: "/v1/dead-letters/{id}",
  operationId: "dropDeadLetter",
  summary: "Give an event up for good, with a reason, in the query or in a body; what waits behind it goes on",
  tag: TAG,
  params,
  query: dropQuery,
  rawBody: optionalBody(dropBody),
  answers: { 204: { description: "Dropped" } },
  problems: [404, 429],
  handle: drop,
};

async function drop(call: Call<{ id: string }, z.output<typeof dropQuery>, unknown>): Promise<Response> {
  const { services, principal, params, query } = call;
  const body = readOptional(call, dropBody);
  if (body instanceof Response) return body;
  const reason = body.reason ?? query.reason;
  if (!reason) return invalidInput([{ path: "reason", message: "Expected a reason, in the query or in a JSON body: it is kept with the event that drops it" }]);
  const found = await letterById(services, principal.tenant, params.id);
  if (found === undefined) return noLetter(params.id);
  const told = followerOf(found.subscription);
  const sent = await tell(call, { ...told, command: "Drop", prepare: () => ({ data: { position: found.position, reason } }) });
  // Whose subscription is gone, has only this row.
  if (sent instanceof Response && sent.status !== 404) return sent;
  // The follower drops it in its own time; who asks is told at once.
  await unparkDeadLetters(services.shardOf(principal.tenant).views, principal.tenant, found.subscription, [found.position]);
  return new Response(null, { status: 204 });
}
