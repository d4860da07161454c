import { z } from "@hono/zod-openapi";
import { logHead } from "../../log/log-heads.ts";
import { beginBuild } from "../../views/rebuild.ts";
import { type Standing, standings } from "../../views/standing.ts";
import { json } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKeptAnswer } from "../idempotency.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import type { Services } from "../services.ts";

const progress = z.object({
  purpose: z.enum(["catch-up", "rebuild", "compare", "rollback"]),
  position: z.int(),
  target: z.int().describe("The log's head when it began"),
  startedAt: z.string(),
  rate: z.int().describe("Events a second"),
  error: z.string().optional().describe("Why it does not go on"),
});
const comparison = z.object({
  position: z.int(),
  differing: z.int(),
  samples: z.array(z.object({ key: z.string(), live: z.any(), rebuilt: z.any() })),
});
const projection = z
  .object({
    name: z.string(),
    version: z.int(),
    position: z.int(),
    lag: z.int(),
    state: z.enum(["live", "catching-up", "rebuilding", "faulted"]),
    error: z.string().optional(),
    progress: progress.optional(),
    comparison: comparison.optional().describe("What the last dry run found"),
  })
  .openapi("Projection");

async function projectionsOf(services: Services, tenant: string): Promise<readonly z.output<typeof projection>[]> {
  const { log, views } = services.shardOf(tenant);
  const [head, all] = await Promise.all([logHead(log, tenant), standings(views, tenant, services.views, Date.now())]);
  return all.map((standing) => shown(standing, head.position));
}

function shown({ name, version, position, state, error, progress, comparison }: Standing, head: number): z.output<typeof projection> {
  const lag = Math.max(head - position, 0);
  const behind = state === "live" && lag > 0 ? "catching-up" : state;
  return {
    name,
    version,
    position,
    lag,
    state: behind,
    ...(error !== undefined && { error }),
    ...(progress && { progress: progress as z.output<typeof projection>["progress"] }),
    ...(comparison && { comparison: { ...comparison, samples: [...comparison.samples] } }),
  };
}

const listQuery = z.object({ limit, cursor });

export const projections: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/projections",
  operationId: "listProjections",
  scope: "views:read",
  summary: "The views, how far behind the log they are, and what is being built beside them",
  tag: "Views",
  query: listQuery,
  answers: { 200: { description: "A page, in the order of names", schema: page(projection) } },
  async handle({ services, principal, query }) {
    const resumed = readCursor("projections", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const all = (await projectionsOf(services, principal.tenant)).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const rest = all.filter(({ name }) => name > (resumed?.after ?? ""));
    const items = rest.slice(0, query.limit);
    return json({ items, next: rest.length > items.length ? writeCursor("projections", { after: items.at(-1)?.name ?? "" }) : null });
  },
};

const params = z.object({ name: z.string().max(200) });

export const oneProjection: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/projections/{name}",
  operationId: "getProjection",
  scope: "views:read:{name}",
  summary: "A view, how far behind the log it is, and what is being built beside it",
  tag: "Views",
  params,
  answers: { 200: { description: "The view", schema: projection } },
  problems: [404],
  async handle({ services, principal, params: { name } }) {
    const found = (await projectionsOf(services, principal.tenant)).find((item) => item.name === name);
    return found === undefined ? notFound(`There is no view ${name}.`) : json(found);
  },
};

const rebuildQuery = z.object({
  compare: z
    .enum(["true", "false"])
    .optional()
    .transform((value) => value === "true")
    .openapi({ type: "boolean", description: "A dry run: the rows are built beside, compared, reported and dropped" }),
});

export const rebuildProjection: Endpoint<typeof params, typeof rebuildQuery, z.ZodType> = {
  method: "post",
  path: "/v1/projections/{name}/rebuild",
  operationId: "rebuildProjection",
  scope: "projections:write:{name}",
  summary: "Fold a view from the beginning of the log, beside the rows that are read; they are switched in one transaction",
  tag: "Views",
  params,
  query: rebuildQuery,
  headers: keyed,
  answers: { 202: { description: "It has begun, or was running already", schema: projection, headers: ["Location"] } },
  problems: [404, 409],
  handle: (call) => start(call, call.query.compare ? "compare" : "rebuild"),
};

export const rollBackProjection: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/projections/{name}/rollback",
  operationId: "rollBackProjection",
  scope: "projections:write:{name}",
  summary: "Go back to the rows before the last rebuild: they catch up with the log, and are switched to",
  tag: "Views",
  params,
  headers: keyed,
  answers: { 202: { description: "It has begun, or was running already", schema: projection, headers: ["Location"] } },
  problems: [404, 409],
  handle: (call) => start(call, "rollback"),
};

type BuildCall = Call<{ name: string }, unknown, unknown>;
type AskedFor = "rebuild" | "compare" | "rollback";

async function start(call: BuildCall, purpose: AskedFor): Promise<Response> {
  // What is asked for stands in the query as well.
  const idempotency = idempotencyKey(call.request, new TextEncoder().encode(purpose));
  if (idempotency instanceof Response) return idempotency;
  return withKeptAnswer(call.services, call.principal.tenant, idempotency, () => startNow(call, purpose));
}

async function startNow({ services, principal: { tenant }, params: { name } }: BuildCall, purpose: AskedFor): Promise<Response> {
  const view = services.views.find((known) => known.name === name);
  if (view === undefined) return notFound(`There is no view ${name}.`);
  const { log, views } = services.shardOf(tenant);
  const head = await logHead(log, tenant);
  const outcome = await beginBuild(views, tenant, view, { purpose, head: head.position, now: Date.now() });
  if (outcome === "none") return problem({ status: 409, code: "no_way_back", detail: `There are no rows of ${name} from before, of the code that runs now.` });
  if (outcome === "busy") return problem({ status: 409, code: "build_running", detail: `Another build of ${name} is running: see /v1/projections/${name}.` });
  await services.dispatcherFor(tenant).wake();
  const found = (await projectionsOf(services, tenant)).find((item) => item.name === name);
  return json(found, 202, { location: `/v1/projections/${name}` });
}
