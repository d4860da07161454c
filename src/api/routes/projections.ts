import { z } from "@hono/zod-openapi";
import { logHead } from "../../log/read-log.ts";
import { readCursors } from "../../views/advance.ts";
import { json } from "../answer.ts";
import type { Endpoint } from "../endpoint.ts";
import { notFound } from "../problem.ts";
import { page } from "../schemas.ts";
import type { Services } from "../services.ts";

const projection = z
  .object({
    name: z.string(),
    version: z.int(),
    position: z.int(),
    lag: z.int(),
    state: z.enum(["live", "catching-up", "faulted"]),
    error: z.string().optional(),
  })
  .openapi("Projection");

async function projectionsOf(services: Services, tenant: string): Promise<readonly z.output<typeof projection>[]> {
  const { log, views } = services.shardOf(tenant);
  const [head, cursors] = await Promise.all([logHead(log, tenant), readCursors(views, tenant)]);
  const live = cursors.find(({ view }) => view === "*");
  return services.views.map(({ name, version }) => {
    const own = cursors.find(({ view }) => view === name);
    const position = (own ?? live)?.position ?? 0;
    const lag = head.position - position;
    const { state: kept = "live", error } = own ?? live ?? {};
    const state = kept !== "live" ? "faulted" : lag > 0 ? "catching-up" : "live";
    return { name, version, position, lag, state, ...(error && { error }) };
  });
}

export const projections: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/projections",
  operationId: "listProjections",
  summary: "The views, and how far behind the log they are",
  tag: "Views",
  answers: { 200: { description: "All of them", schema: page(projection) } },
  async handle({ services, principal }) {
    return json({ items: await projectionsOf(services, principal.tenant), next: null });
  },
};

const params = z.object({ name: z.string().max(200) });

export const oneProjection: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/projections/{name}",
  operationId: "getProjection",
  summary: "A view, and how far behind the log it is",
  tag: "Views",
  params,
  answers: { 200: { description: "The view", schema: projection } },
  problems: [404],
  async handle({ services, principal, params: { name } }) {
    const found = (await projectionsOf(services, principal.tenant)).find((item) => item.name === name);
    return found === undefined ? notFound(`There is no view ${name}.`) : json(found);
  },
};
