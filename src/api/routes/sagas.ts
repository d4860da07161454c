import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { pathText, type Saga, STREAM_ID_PATTERN } from "../../kernel/index.ts";
import { listSagas, sagaFigures, sagasView } from "../../sagas/sagas-view.ts";
import { readScope } from "../../views/standing.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type ApiEnv, type Call, type Endpoint, invalidInput, serve } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { idempotencyKey } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { refused } from "../refusal.ts";
import { sagaInstance, sagaStory, shownInstance } from "../sagas/instance.ts";
import { tellSaga } from "../sagas/tell-saga.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import type { Services } from "../services.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";

const TAG = "Sagas";
const STATES = ["running", "completed", "compensating", "compensated", "stuck", "cancelled"] as const;
const keyed = z.object({ "idempotency-key": z.string().max(257).optional() });
const name = z.string().max(100);
const id = z.string().regex(STREAM_ID_PATTERN, "Expected 1 to 200 of [A-Za-z0-9._~:-]");

const figures = z
  .object({
    name: z.string(),
    version: z.int(),
    isOff: z.boolean().describe("It starts only by hand"),
    running: z.int(),
    completed: z.int(),
    compensating: z.int(),
    compensated: z.int(),
    stuck: z.int(),
    cancelled: z.int(),
    oldest: z.string().nullable().describe("When the oldest instance began that has not ended"),
    duration: z.object({ p50Ms: z.int().nullable(), p95Ms: z.int().nullable() }).describe("Of those that ended"),
    failures: z.record(z.string(), z.int()).describe("Failed attempts by step"),
  })
  .openapi("SagaFigures");

const listQuery = z.object({ limit, cursor });

const sagas: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/sagas",
  operationId: "listSagas",
  scope: "sagas:read",
  summary: "The sagas in code, and how their instances stand",
  tag: TAG,
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of names", schema: page(figures) } },
  problems: [503],
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor("sagas", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const waited = await awaitToken(services, tenant, request, sagasView.name);
    if (waited instanceof Response) return waited;
    const { views } = services.shardOf(tenant);
    const scope = await readScope(views, tenant, sagasView.name);
    const rest = services.sagas.filter((saga) => saga.name > (resumed?.after ?? "")).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const items = await Promise.all(rest.slice(0, query.limit).map((saga) => figuresOf(views, scope, saga)));
    return json({ items, next: rest.length > items.length ? writeCursor("sagas", { after: items.at(-1)?.name ?? "" }) : null });
  },
};

async function figuresOf(db: D1Database, scope: string, { name, version, category, isOff }: Saga): Promise<z.output<typeof figures>> {
  const { counts, oldest, p50Ms, p95Ms, failures } = await sagaFigures(db, scope, category);
  const zero = { running: 0, completed: 0, compensating: 0, compensated: 0, stuck: 0, cancelled: 0 };
  return { name, version, isOff, ...zero, ...counts, oldest, duration: { p50Ms, p95Ms }, failures };
}

const line = z
  .object({
    id: z.string(),
    state: z.enum(STATES),
    startedAt: z.string(),
    updatedAt: z.string(),
    endedAt: z.string().optional(),
    step: z.string().optional(),
    reason: z.string().optional(),
    failures: z.record(z.string(), z.int()),
  })
  .openapi("SagaLine");

const ofName = z.object({ name });
const instancesQuery = listQuery.extend({ state: z.enum(STATES).optional() });

const instances: Endpoint<typeof ofName, typeof instancesQuery, z.ZodType> = {
  method: "get",
  path: "/v1/sagas/{name}",
  operationId: "listSagaInstances",
  scope: "sagas:read:{name}",
  summary: "A saga's instances, in the order of their ids",
  tag: TAG,
  params: ofName,
  query: instancesQuery,
  headers: freshness,
  answers: { 200: { description: "A page", schema: page(line) } },
  problems: [404, 503],
  async handle({ request, services, principal: { tenant }, params, query }) {
    const saga = sagaOf(services, params.name);
    if (saga === undefined) return noSaga(services, params.name);
    const resumed = readCursor("saga-instances", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const waited = await awaitToken(services, tenant, request, sagasView.name);
    if (waited instanceof Response) return waited;
    const { views } = services.shardOf(tenant);
    const scope = await readScope(views, tenant, sagasView.name);
    const asked = { category: saga.category, after: resumed?.after ?? "", limit: query.limit, ...(query.state !== undefined && { state: query.state }) };
    const rows = await listSagas(views, scope, asked);
    const items = rows.map((row) => {
      const { isUndoing: _, attempts: __, parked: ___, ...shown } = row;
      return shown;
    });
    return json({ items, next: rows.length === query.limit ? writeCursor("saga-instances", { after: rows.at(-1)?.id ?? "" }) : null });
  },
};

const instance = z
  .object({
    name: z.string(),
    id: z.string(),
    version: z.int().describe("Of the saga's definition that it began with"),
    state: z.enum(STATES),
    startedAt: z.string(),
    endedAt: z.string().optional(),
    reason: z.string().optional(),
    data: z.any(),
    steps: z.array(
      z.object({
        name: z.string(),
        state: z.enum(["running", "done", "skipped", "failed", "undoing", "undone", "stuck"]),
        attempts: z.int(),
        round: z.int(),
        startedAt: z.string(),
        endedAt: z.string().optional(),
        deadline: z.string().optional(),
        reason: z.string().optional(),
        calls: z.array(
          z.object({
            command: z.object({ category: z.string(), id: z.string(), command: z.string() }).optional(),
            state: z.enum(["due", "done", "rejected", "exhausted"]),
            failures: z.int(),
            due: z.string().optional(),
            error: z.string().optional(),
          }),
        ),
      }),
    ),
    deadlines: z.array(z.object({ name: z.string(), at: z.string() })),
  })
  .openapi("SagaInstance");

const storyLine = z.object({
  version: z.int(),
  at: z.string(),
  type: z.string(),
  step: z.string().optional(),
  detail: z.string().optional(),
  state: z.string(),
});
const instanceWithStory = instance.extend({ timeline: z.array(storyLine), mermaid: z.string() }).openapi("SagaStory");
const ofOne = z.object({ name, id });

const oneInstance: Endpoint<typeof ofOne, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/sagas/{name}/{id}",
  operationId: "getSagaInstance",
  scope: "sagas:read:{name}",
  summary: "An instance: its steps, its deadlines, and its story as a timeline and as a Mermaid sequence",
  tag: TAG,
  params: ofOne,
  answers: { 200: { description: "The instance", schema: instanceWithStory } },
  problems: [404],
  async handle({ services, principal: { tenant }, params }) {
    const saga = sagaOf(services, params.name);
    if (saga === undefined) return noSaga(services, params.name);
    const found = await sagaInstance(services, tenant, saga, params.id);
    if (found === undefined) return noInstance(params);
    const story = await sagaStory(services, tenant, saga, params.id);
    return json({ ...shownInstance(saga, params.id, found.state), ...story }, 200, { etag: `"${found.version}"` });
  },
};

const startBody = z.strictObject({ id, data: z.record(z.string(), z.unknown()) }).openapi("SagaStart", { example: { id: "o-1", data: {} } });

const startSaga: Endpoint<typeof ofName, z.ZodObject, typeof startBody> = {
  method: "post",
  path: "/v1/sagas/{name}",
  operationId: "startSaga",
  scope: "sagas:write:{name}",
  summary: "Start an instance by hand, with the data that it would have got from its event",
  tag: TAG,
  params: ofName,
  headers: keyed,
  body: { schema: startBody, maxBytes: 65_536 },
  answers: { 201: { description: "It runs", schema: instance } },
  problems: [404, 409, 429],
  async handle(call) {
    const { services, params, body } = call;
    const saga = sagaOf(services, params.name);
    if (saga === undefined) return noSaga(services, params.name);
    const checked = saga.data.safeParse(body.data);
    if (!checked.success) return invalidInput(checked.error.issues.map(({ path, message }) => ({ path: pathText(["data", ...path]), message })));
    return command(call, saga, { id: body.id, name: "Start", data: { data: checked.data }, status: 201 });
  },
};

const reasonBody = z.strictObject({ reason: z.string().min(1).max(1_000) }).openapi("SagaReason", { example: { reason: "The customer called" } });
const nothing = z.strictObject({});

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
    headers: keyed,
    rawBody: optionalBody(what.body),
    answers: { 200: { description: "How the instance stands now", schema: instance } },
    problems: [404, 409, 429],
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
  return withKey(services, principal.tenant, idempotency, async () => {
    const sent = await tellSaga(call, saga, { id, name, data, idempotency });
    if (!sent.ok) return refused(sent);
    return json(shownInstance(saga, id, JSON.parse(sent.state)), status, {
      etag: `"${sent.version}"`,
      "consistency-token": consistencyToken(`${saga.category}-${id}`, sent.version),
      ...(status === 201 && { location: `/v1/sagas/${saga.name}/${id}` }),
      ...(sent.replayed && { "idempotency-replayed": "true" }),
    });
  });
}

function sagaOf(services: Services, name: string): Saga | undefined {
  return services.sagas.find((saga) => saga.name === name);
}

function noSaga(services: Services, name: string): Response {
  return notFound(`There is no saga ${name}; there are ${services.sagas.map((saga) => saga.name).join(", ") || "none"}.`);
}

function noInstance({ name, id }: { readonly name: string; readonly id: string }): Response {
  return notFound(`There is no instance ${id} of the saga ${name}.`);
}

/** Serves every route of sagas. */
export function serveSagas(app: OpenAPIHono<ApiEnv>): void {
  serve(app, sagas);
  serve(app, instances);
  serve(app, oneInstance);
  serve(app, startSaga);
  serve(app, operation("retry", { command: "Retry", summary: "Try the step again that an instance is stuck at, in a new round", body: nothing }));
  serve(app, operation("skip", { command: "Skip", summary: "Go on without the step that an instance is stuck at", body: reasonBody }));
  serve(app, operation("cancel", { command: "Cancel", summary: "Undo what an instance has done, and end it", body: reasonBody }));
}
