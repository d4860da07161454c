import { z } from "@hono/zod-openapi";
import { deadLetterId, followerOf, followersWithDeadLetters, parseDeadLetterId, unparkDeadLetters } from "../../followers/dead-letters.ts";
import { handlerStream } from "../../followers/handler-operations.ts";
import { subscriptionStream } from "../../followers/subscription.ts";
import { uuid7 } from "../../kernel/index.ts";
import { json } from "../answer.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKeptAnswer, withKey } from "../idempotency.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { problem } from "../problem.ts";
import type { Services } from "../services.ts";
import { isOfSaga, stuckOf, unstick } from "../sagas/stuck.ts";
import { headersOf, tell } from "../subscriptions/command.ts";
import { letterById, letterFilter, noLetter, stated } from "../subscriptions/letters.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";

const TAG = "Dead letters";
/** Followers that one redrive reaches, at most. */
const MOST_FOLLOWERS = 200;
/** An event's data that stands in for what was parked, as JSON, and what is said beside it. */
const MAX_EDIT_BYTES = 1_100_000;

const params = z.object({ id: z.string().max(300) });
const reason = z.string().min(1).max(1_000);
const redriveBody = z
  .strictObject({ edit: z.any().optional().openapi({ description: "Data to deliver in the place of the event's own, this once" }), reason: reason.optional() })
  .openapi("Redrive", { example: { edit: { total: 12 }, reason: "The total was a text" } });

export const redriveDeadLetter: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/dead-letters/{id}/redrive",
  operationId: "redriveDeadLetter",
  scope: "dead-letters:write",
  summary: "Deliver a dead letter again, and then what waits behind it; it is one until that succeeds. Of a saga: its step is tried again",
  tag: TAG,
  params,
  headers: keyed,
  rawBody: optionalBody(redriveBody, MAX_EDIT_BYTES),
  answers: {
    202: { description: "It is tried again", schema: z.object({ id: z.string(), subscription: z.string() }), headers: ["Location", "Consistency-Token?"] },
  },
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
  if (isOfSaga(key.subscription)) return redriveSaga(call, body, idempotency);
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

/** Of a saga: the step that it is stuck at is tried again. */
async function redriveSaga(call: Call<{ id: string }, unknown, unknown>, body: { readonly edit?: unknown }, idempotency: Key): Promise<Response> {
  const { services, principal, params } = call;
  if (body.edit !== undefined) return invalidInput([{ path: "edit", message: "Expected none: the step of a saga is tried again as it is" }]);
  return withKeptAnswer(services, principal.tenant, idempotency, async () => {
    const found = await letterById(services, principal.tenant, params.id);
    if (found === undefined) return noLetter(params.id);
    const sent = await unstick(call, found, { name: "Retry", data: {}, idempotency });
    if (sent instanceof Response) return sent;
    const { etag: _, ...headers } = headersOf(found.stream, sent, `/v1/dead-letters/${encodeURIComponent(params.id)}`);
    return json({ id: params.id, subscription: found.subscription }, 202, headers);
  });
}

type Key = Exclude<ReturnType<typeof idempotencyKey>, Response>;
type Follower = ReturnType<typeof followerOf>;

/** 409 for a handler that is no longer in the code: nobody is there to deliver to. */
function goneFollower(services: Services, { kind, id }: Follower): Response | undefined {
  if (kind === "subscription" || services.handlers.some(({ name }) => name === id)) return undefined;
  return problem({ status: 409, code: "no_such_handler", detail: `There is no handler ${id} any more: its dead letters can only be dropped.` });
}

const redriveAllBody = z
  .strictObject({ ...letterFilter, reason: reason.optional() })
  .openapi("RedriveAll", { example: { type: "commerce.*", reason: "The shop is back" } });
const redrives = z.object({ redrives: z.array(z.object({ subscription: z.string(), id: z.string() })) }).openapi("Redrives");

export const redriveDeadLetters: Endpoint<z.ZodObject, z.ZodObject, typeof redriveAllBody> = {
  method: "post",
  path: "/v1/dead-letters/redrive",
  operationId: "redriveDeadLetters",
  scope: "dead-letters:write",
  summary: "Deliver all dead letters again that match, few at first; one that fails again stops those of its subscription. At most 200 sagas are retried",
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
    for (const stuck of await stuckOf(services, principal.tenant, { filter: wanted, limit: MOST_FOLLOWERS })) {
      const sent = await unstick(call, stuck, { name: "Retry", data: {}, idempotency });
      // Somebody was faster.
      if (!(sent instanceof Response)) begun.push({ subscription: stuck.subscription, id: deadLetterId(stuck) });
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
  scope: "dead-letters:write",
  summary: "Give an event up for good, with a reason, in the query or in a body; what waits behind it goes on. Of a saga: its step is skipped",
  tag: TAG,
  params,
  query: dropQuery,
  rawBody: optionalBody(dropBody),
  answers: { 204: { description: "Dropped" } },
  problems: [404, 409, 429],
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
  if (isOfSaga(found.subscription)) {
    const sent = await unstick(call, found, { name: "Skip", data: { reason }, idempotency: undefined });
    return sent instanceof Response ? sent : new Response(null, { status: 204 });
  }
  const told = followerOf(found.subscription);
  const sent = await tell(call, { ...told, command: "Drop", prepare: () => ({ data: { position: found.position, reason } }) });
  // Whose subscription is gone, has only this row.
  if (sent instanceof Response && sent.status !== 404) return sent;
  // The follower drops it in its own time; who asks is told at once.
  await unparkDeadLetters(services.shardOf(principal.tenant).views, principal.tenant, found.subscription, [found.position]);
  return new Response(null, { status: 204 });
}
