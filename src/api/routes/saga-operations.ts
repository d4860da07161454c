import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { pathText, type Saga } from "../../kernel/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import { type ApiEnv, type Call, type Endpoint, invalidInput, serve } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { idempotencyKey, keyedConditional, precondition } from "../preconditions.ts";
import { refused } from "../refusal.ts";
import { noInstance, noSaga, sagaOf } from "../sagas/found.ts";
import { sagaInstance, shownInstance } from "../sagas/instance.ts";
import { id, instance, ofName, ofOne } from "../sagas/schemas.ts";
import { tellSaga } from "../sagas/tell-saga.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";

const TAG = "Sagas";

const startBody = z.strictObject({ id, data: z.record(z.string(), z.unknown()) }).openapi("SagaStart", { example: { id: "o-1", data: {} } });

const startSaga: Endpoint<typeof ofName, z.ZodObject, typeof startBody> = {
  method: "post",
  path: "/v1/sagas/{name}",
  operationId: "startSaga",
  scope: "sagas:write:{name}",
  summary: "Start an instance by hand, with the data that it would have got from its event",
  tag: TAG,
  params: ofName,
  headers: keyedConditional,
  body: { schema: startBody, maxBytes: 65_536 },
  answers: { 201: { description: "It runs", schema: instance, headers: WRITTEN } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const { services, params, body } = call;
    const saga = sagaOf(services, params.name);
    if (saga === undefined) return noSaga(services, params.name);
    const checked = saga.data.safeParse(body.data);
    if (!checked.success) return invalidInput(checked.error.issues.map(({ path, message }) => ({ path: pathText(["data", ...path]), message })));
    const of = saga.idOf(checked.data) ?? body.id;
    // Its events would never find it, and undoing itself it would undo what another has done.
    if (of !== body.id) return invalidInput([{ path: "id", message: `Expected ${of}, of which the data is` }]);
    return command(call, saga, { id: body.id, name: "Start", data: { data: checked.data }, status: 201 });
  },
};

const step = z.string().max(200).optional().describe("Only if it is stuck at this step; else 409 stuck_elsewhere");
const reason = z.string().min(1).max(1_000);
/** Why it is cancelled. It may be left out, and the body with it: what is told of the instance says so. */
const cancelBody = z.strictObject({ reason: reason.default("No reason was given.") }).openapi("SagaReason", { example: { reason: "The customer called" } });
const skipBody = z.strictObject({ reason, step }).openapi("SagaSkip", { example: { reason: "Done by hand", step: "payment" } });
const retryBody = z.strictObject({ step }).openapi("SagaRetry", { example: { step: "payment" } });

/** An operation on an instance: the command that it is, and the body it takes. */
function operation(
  verb: "retry" | "skip" | "cancel",
  what: { readonly command: string; readonly summary: string; readonly body: z.ZodObject },
): Endpoint<typeof ofOne, z.ZodObject, z.ZodType> {
  return {
    method: "post",
    path: `/v1/sagas/{name}/{id}/${verb}`,
    operationId: `${verb}Saga`,
    scope: "sagas:write:{name}",
    summary: what.summary,
    tag: TAG,
    params: ofOne,
    headers: keyedConditional,
    rawBody: optionalBody(what.body),
    answers: { 200: { description: "How the instance stands now", schema: instance, headers: WRITTEN } },
    problems: [404, 409, 412, 429],
    async handle(call) {
      const { services, principal, params } = call;
      const data = readOptional(call, what.body);
      if (data instanceof Response) return data;
      const saga = sagaOf(services, params.name);
      if (saga === undefined) return noSaga(services, params.name);
      if ((await sagaInstance(services, principal.tenant, saga, params.id)) === undefined) return noInstance(params);
      return command(call, saga, { id: params.id, name: what.command, data, status: 200 });
    },
  };
}

interface Commanded {
  readonly id: string;
  readonly name: string;
  readonly data: object;
  readonly status: number;
}

async function command(call: Call<unknown, unknown, unknown>, saga: Saga, { id, name, data, status }: Commanded): Promise<Response> {
  const { services, principal, request } = call;
  const idempotency = idempotencyKey(request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  return withKey(services, principal.tenant, idempotency, async () => {
    const sent = await tellSaga(call, saga, { id, name, data, idempotency, precondition: condition });
    if (!sent.ok) return refused(sent);
    return json(shownInstance(saga, id, JSON.parse(sent.state)), status, {
      etag: `"${sent.version}"`,
      "consistency-token": consistencyToken(`${saga.category}-${id}`, sent.version),
      ...(status === 201 && { location: `/v1/sagas/${saga.name}/${id}` }),
      ...(sent.replayed && { "idempotency-replayed": "true" }),
    });
  });
}

/** Serves what is done to instances of sagas. */
export function serveSagaOperations(app: OpenAPIHono<ApiEnv>): void {
  serve(app, startSaga);
  serve(app, operation("retry", { command: "Retry", summary: "Try the step again that an instance is stuck at, in a new round", body: retryBody }));
  serve(app, operation("skip", { command: "Skip", summary: "Go on without the step that an instance is stuck at", body: skipBody }));
  serve(app, operation("cancel", { command: "Cancel", summary: "Undo what an instance has done, and end it", body: cancelBody }));
}
