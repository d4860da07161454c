import { z } from "@hono/zod-openapi";
import type { Executed } from "../../../durable-objects/aggregate/contract.ts";
import { newSecret, secretFault } from "../../followers/sink/secrets.ts";
import { type Replay, subscriptionContext, subscriptionStream } from "../../followers/subscription.ts";
import { canonicalJson, uuid7 } from "../../kernel/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { overlapSeconds } from "../overlap.ts";
import { withKey } from "../idempotency.ts";
import { noMasterKey } from "../no-master-key.ts";
import { idempotencyKey, keyedConditional, precondition } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { streamName, time, topicPattern } from "../schemas.ts";
import { commanded, headersOf, type Prepared, tell, type Told } from "../subscriptions/command.ts";
import { MAX_TYPE_LENGTH, MAX_TYPES, replayFrom, replayTo, signingSecret } from "../subscriptions/input.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";
import { rotatedSink } from "../subscriptions/sealed-sink.ts";
import { subscription } from "../subscriptions/shown.ts";
import { rangeOf } from "../subscriptions/start.ts";
import { isSubscriptionId, knownSubscription, noSubscription, notPush } from "../subscriptions/state.ts";

const TAG = "Subscriptions";
const params = z.object({ id: z.string().max(200) });
type OfOne<Body = unknown> = Call<{ id: string }, unknown, Body>;

const pauseBody = z.strictObject({ reason: z.string().max(1_000).optional() }).openapi("Pause", { example: { reason: "The shop is moving" } });
const nothing = z.strictObject({});

export const pauseSubscription: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/subscriptions/{id}/pause",
  operationId: "pauseSubscription",
  scope: "subscriptions:write:{id}",
  summary: "Deliver nothing until it is resumed; what comes meanwhile waits in the log",
  tag: TAG,
  params,
  headers: keyedConditional,
  rawBody: optionalBody(pauseBody),
  answers: { 200: { description: "It is paused", schema: subscription, headers: WRITTEN } },
  problems: [404, 412, 429],
  handle: (call) => act(call, "Pause", readOptional(call, pauseBody)),
};

export const resumeSubscription: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/subscriptions/{id}/resume",
  operationId: "resumeSubscription",
  scope: "subscriptions:write:{id}",
  summary: "Go on, after a pause, or where the platform stopped it",
  tag: TAG,
  params,
  headers: keyedConditional,
  rawBody: optionalBody(nothing),
  answers: { 200: { description: "It goes on", schema: subscription, headers: WRITTEN } },
  problems: [404, 412, 429],
  handle: (call) => act(call, "Resume", readOptional(call, nothing)),
};

async function act(call: OfOne, command: "Pause" | "Resume", data: object | Response): Promise<Response> {
  if (data instanceof Response) return data;
  return once(call, call.bytes, { command, prepare: () => ({ data }) });
}

/** Sends a command once for each `Idempotency-Key`, to a subscription that is as `If-Match` says, and answers with the subscription, or as `answer` says. */
async function once(
  call: OfOne,
  fingerprinted: Uint8Array,
  asked: Pick<Told, "command" | "prepare">,
  answer: (sent: Executed) => Response | Promise<Response> = (sent) => commanded(call, call.params.id, sent),
): Promise<Response> {
  const { services, principal, params, request } = call;
  const idempotency = idempotencyKey(request, fingerprinted);
  if (idempotency instanceof Response) return idempotency;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const prepare = async (): Promise<Prepared | Response> => {
    // One that is not there is 404, whatever it should have been.
    const known = condition.kind === "none" ? undefined : await knownSubscription(services, principal.tenant, params.id);
    return known instanceof Response ? known : asked.prepare();
  };
  return withKey(services, principal.tenant, idempotency, async () => {
    if (!isSubscriptionId(params.id)) return noSubscription(params.id);
    const sent = await tell(call, { kind: "subscription", id: params.id, command: asked.command, prepare, precondition: condition, idempotency });
    return sent instanceof Response ? sent : answer(sent);
  });
}

const replayBody = z
  .strictObject({
    from: replayFrom,
    to: replayTo.optional(),
    types: z.array(topicPattern.max(MAX_TYPE_LENGTH)).min(1).max(MAX_TYPES).optional(),
    stream: streamName.optional(),
    since: time.optional(),
    until: time.optional(),
    rate: z.number().min(0.1).max(1_000).default(50).openapi({ description: "Deliveries a second, at most" }),
  })
  .openapi("Replay", { example: { from: "2026-11-20T10:00:00.000Z", types: ["commerce.OrderPlaced"] } });

const replayStarted = z
  .object({
    id: z.string(),
    subscription: z.string(),
    from: z.int(),
    to: z.int(),
    since: z.string().optional(),
    until: z.string().optional(),
    types: z.array(z.string()).optional(),
    stream: z.string().optional(),
    rate: z.number(),
  })
  .openapi("ReplayStarted");

export const replaySubscription: Endpoint<typeof params, z.ZodObject, typeof replayBody> = {
  method: "post",
  path: "/v1/subscriptions/{id}/replay",
  operationId: "replaySubscription",
  scope: "subscriptions:write:{id}",
  summary: "Deliver a part of the log again, beside what is new; the subscription says how far it has come",
  tag: TAG,
  params,
  headers: keyedConditional,
  body: { schema: replayBody, maxBytes: 65_536 },
  answers: { 202: { description: "It begins", schema: replayStarted, headers: [...WRITTEN, "Location"] } },
  problems: [404, 409, 412, 429],
  handle: replay,
};

async function replay(call: OfOne<z.output<typeof replayBody>>): Promise<Response> {
  const { services, principal, params, body } = call;
  const { types, stream, rate } = body;
  const prepare = async (): Promise<Prepared | Response> => {
    const known = await knownSubscription(services, principal.tenant, params.id);
    if (known instanceof Response) return known;
    if (known.settings.sink.kind === "pull") return notPush(params.id);
    const range = await rangeOf(services, principal.tenant, body);
    if (range instanceof Response) return range;
    return { data: { id: uuid7(Date.now()), ...range, rate, ...(types && { types }), ...(stream !== undefined && { stream }) } };
  };
  return once(call, call.bytes, { command: "StartReplay", prepare }, (sent) => {
    const started = JSON.parse(sent.events[0]?.data ?? "{}") as Replay;
    const headers = headersOf(subscriptionStream(params.id), sent, `/v1/subscriptions/${params.id}`);
    return json({ ...started, subscription: params.id }, 202, headers);
  });
}

const replayParams = z.object({ id: z.string().max(200), replay: z.string().max(200) });

export const stopReplay: Endpoint<typeof replayParams, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/subscriptions/{id}/replays/{replay}",
  operationId: "stopReplay",
  scope: "subscriptions:write:{id}",
  summary: "Stop a replay that is running",
  tag: TAG,
  params: replayParams,
  answers: { 204: { description: "Stopped, or over already" } },
  problems: [404, 429],
  async handle(call) {
    const { services, principal, params } = call;
    const known = await knownSubscription(services, principal.tenant, params.id);
    if (known instanceof Response) return known;
    const { replays } = await services.follower(principal.tenant, "subscription", params.id).standing();
    const found = replays.find(({ id }) => id === params.replay);
    if (found === undefined) return notFound(`Subscription ${params.id} has no replay ${params.replay}.`);
    const sent =
      found.state === "running"
        ? await tell(call, { kind: "subscription", id: params.id, command: "StopReplay", prepare: () => ({ data: { id: found.id } }) })
        : undefined;
    return sent instanceof Response ? sent : new Response(null, { status: 204 });
  },
};

const rotateBody = z
  .strictObject({
    secret: signingSecret.optional(),
    overlapSeconds: overlapSeconds("How long the secret before signs as well"),
  })
  .openapi("RotateSecret", { example: { overlapSeconds: 3_600 } });

export const rotateSecret: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/subscriptions/{id}/rotate-secret",
  operationId: "rotateSecret",
  scope: "subscriptions:write:{id}",
  summary: "Sign with another secret from now on; for a while both sign",
  tag: TAG,
  params,
  headers: keyedConditional,
  rawBody: optionalBody(rotateBody),
  answers: { 200: { description: "Rotated; a secret that was made is shown now, and never again", schema: subscription, headers: WRITTEN } },
  problems: [404, 409, 412, 429],
  handle: rotate,
};

async function rotate(call: OfOne): Promise<Response> {
  const { services, principal, params } = call;
  const { sealer } = services;
  const body = readOptional(call, rotateBody);
  if (body instanceof Response) return body;
  const fault = body.secret === undefined ? undefined : secretFault(body.secret);
  if (fault !== undefined) return invalidInput([{ path: "secret", message: fault }]);
  const secret = body.secret ?? newSecret();
  const prepare = async (): Promise<Prepared | Response> => {
    const known = await knownSubscription(services, principal.tenant, params.id);
    if (known instanceof Response) return known;
    const { sink } = known.settings;
    if (sink.kind === "pull") return notPush(params.id);
    if (sealer === undefined) return noMasterKey();
    const until = body.overlapSeconds === 0 ? undefined : new Date(Date.now() + body.overlapSeconds * 1_000).toISOString();
    const seal = { sealer, context: subscriptionContext(principal.tenant, params.id) };
    return { data: { ...known.settings, sink: await rotatedSink(seal, sink, secret, until) }, version: known.version };
  };
  // The secret itself is no part of what tells one request from another.
  const fingerprinted = new TextEncoder().encode(canonicalJson({ overlapSeconds: body.overlapSeconds, isGiven: body.secret !== undefined }));
  return once(call, fingerprinted, { command: "Change", prepare }, (sent) =>
    commanded(call, params.id, sent, body.secret === undefined && !sent.replayed ? { secret } : {}),
  );
}
