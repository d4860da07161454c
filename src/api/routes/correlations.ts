import { z } from "@hono/zod-openapi";
import { flowOf } from "../../kernel/index.ts";
import { eventsAt } from "../../log/read-log.ts";
import { positionsOf } from "../../views/correlations.ts";
import { json } from "../answer.ts";
import { readScope } from "../../views/standing.ts";
import { awaitToken, freshness } from "../consistency.ts";
import type { Endpoint } from "../endpoint.ts";
import { notFound } from "../problem.ts";

/** Events that a flow shows, at most. */
export const MOST_NODES = 1_000;

const params = z.object({ id: z.string().min(1).max(128) });
const node = z.object({
  id: z.string(),
  type: z.string(),
  stream: z.string(),
  version: z.int(),
  position: z.int(),
  recorded: z.string(),
  actor: z.string(),
  sinceStart: z.int(),
});
const edge = z.object({ from: z.string(), to: z.string(), durationMs: z.int() });
const flow = z.object({ nodes: z.array(node), edges: z.array(edge), mermaid: z.string(), truncated: z.boolean() }).openapi("Flow");

export const getCorrelation: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/correlations/{id}",
  operationId: "getCorrelation",
  scope: "streams:read",
  summary: "The flow of a correlation: who caused whom, with timings and a Mermaid picture",
  tag: "Log",
  params,
  headers: freshness,
  answers: { 200: { description: "The flow", schema: flow } },
  problems: [404, 503],
  async handle({ request, services, principal: { tenant }, params: { id } }) {
    const late = await awaitToken(services, tenant, request, "correlations");
    if (late) return late;
    const { log, views } = services.shardOf(tenant);
    const positions = await positionsOf(views, await readScope(views, tenant, "correlations"), id, MOST_NODES + 1);
    if (positions.length === 0) return notFound(`There is no event of the correlation ${id} in the log.`);
    const events = await eventsAt(log, tenant, positions.slice(0, MOST_NODES));
    return json({ ...flowOf(events), truncated: positions.length > MOST_NODES });
  },
};
