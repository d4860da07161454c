import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { type Saga } from "../../kernel/index.ts";
import { sagaFigures } from "../../sagas/saga-figures.ts";
import { listSagas, sagasView } from "../../sagas/sagas-view.ts";
import { readScope } from "../../views/standing.ts";
import { json } from "../answer.ts";
import { awaitToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type ApiEnv, type Endpoint, serve } from "../endpoint.ts";
import { noInstance, noSaga, sagaOf } from "../sagas/found.ts";
import { sagaInstance, sagaStory, shownInstance } from "../sagas/instance.ts";
import { instance, ofName, ofOne, STATES } from "../sagas/schemas.ts";
import { serveSagaOperations } from "./saga-operations.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";

const TAG = "Sagas";

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
    duration: z.object({ p50Ms: z.int().nullable(), p95Ms: z.int().nullable() }).describe("Of those that ended, within one percent"),
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

const storyLine = z.object({
  version: z.int(),
  at: z.string(),
  type: z.string(),
  step: z.string().optional(),
  detail: z.string().optional(),
  state: z.string(),
});
const instanceWithStory = instance.extend({ timeline: z.array(storyLine), mermaid: z.string() }).openapi("SagaStory");

const oneInstance: Endpoint<typeof ofOne, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/sagas/{name}/{id}",
  operationId: "getSagaInstance",
  scope: "sagas:read:{name}",
  summary: "An instance: its steps, its deadlines, and its story as a timeline and as a Mermaid sequence",
  tag: TAG,
  params: ofOne,
  answers: { 200: { description: "The instance", schema: instanceWithStory } },
  notModified: true,
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

/** Serves every route of sagas. */
export function serveSagas(app: OpenAPIHono<ApiEnv>): void {
  serve(app, sagas);
  serve(app, instances);
  serve(app, oneInstance);
  serveSagaOperations(app);
}
