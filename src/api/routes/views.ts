import { z } from "@hono/zod-openapi";
import type { Projection } from "../../kernel/index.ts";
import { listRows, rowByKey } from "../../views/read-rows.ts";
import { type Standing, standings } from "../../views/standing.ts";
import { jsonBytes } from "../answer.ts";
import { awaitToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { isNotModified } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { cursor, limit, page } from "../schemas.ts";
import type { Services } from "../services.ts";

/** A column that can be filtered by and sorted on. */
interface Column {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean";
}

/** Every endpoint that follows from a projection: its rows, and one of them. */
export function viewEndpoints(projection: Projection): readonly Endpoint<z.ZodObject, z.ZodObject, z.ZodType>[] {
  return [listEndpoint(projection), rowEndpoint(projection)];
}

function listEndpoint(projection: Projection): Endpoint<z.ZodObject, z.ZodObject, z.ZodType> {
  const columns = columnsOf(projection);
  const names = columns.flatMap(({ name }) => [name, `-${name}`]) as [string, ...string[]];
  const query = z.object({
    limit,
    cursor,
    sort: z.enum(names).optional(),
    ...(projection.search.length > 0 && {
      q: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe(`Words in ${projection.search.join(", ")}`),
    }),
    ...Object.fromEntries(columns.map((column) => [column.name, filterOf(column).optional()])),
  });
  return {
    method: "get",
    path: `/v1/views/${projection.name}`,
    operationId: `list_${projection.name}`,
    summary: `The rows of the view ${projection.name}`,
    tag: "Views",
    query,
    headers: freshness,
    answers: { 200: { description: "A page of rows; `X-View-Position` says up to which position of the log they are", schema: page(projection.row) } },
    notModified: true,
    problems: [422, 503],
    handle: (call) => list(projection, columns, call as Call<unknown, Query, unknown>),
  };
}

type Query = { readonly limit: number; readonly cursor?: string; readonly sort?: string; readonly q?: string } & Readonly<Record<string, unknown>>;

const afterRow = z.object({ value: z.union([z.string(), z.number(), z.null()]), key: z.string(), sort: z.string() });

async function list(
  projection: Projection,
  columns: readonly Column[],
  { request, services, principal, query }: Call<unknown, Query, unknown>,
): Promise<Response> {
  const resumed = readCursor(`view-${projection.name}`, afterRow, query.cursor);
  if (resumed instanceof Response) return resumed;
  const sort = query.sort ?? "";
  if (resumed !== undefined && resumed.sort !== sort) return invalidInput([{ path: "cursor", message: "Expected the cursor of a page with the same sort" }]);
  const late = await awaitToken(services, principal.tenant, request, projection.name);
  if (late) return late;
  const seen = await stateOf(services, principal.tenant, projection.name);
  if (isNotModified(request, seen.headers.etag)) return new Response(null, { status: 304, headers: seen.headers });
  const rows = await listRows(services.shardOf(principal.tenant).views, {
    scope: seen.scope,
    view: projection.name,
    where: columns.flatMap(({ name }) => (query[name] === undefined ? [] : [{ column: name, value: valueOf(query[name]) }])),
    ...(query.q !== undefined && { search: query.q }),
    ...(sort !== "" && { sort: { column: sort.replace(/^-/, ""), isDescending: sort.startsWith("-") } }),
    ...(resumed && { after: resumed }),
    limit: query.limit + 1,
  });
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const next = rows.length > query.limit && last ? writeCursor(`view-${projection.name}`, { value: last.value, key: last.key, sort }) : null;
  return jsonBytes(`{"items":[${shown.map(({ row }) => row).join(",")}],"next":${JSON.stringify(next)}}`, seen.headers);
}

const keyParams = z.object({ key: z.string().min(1).max(500) });

function rowEndpoint(projection: Projection): Endpoint<z.ZodObject, z.ZodObject, z.ZodType> {
  return {
    method: "get",
    path: `/v1/views/${projection.name}/{key}`,
    operationId: `get_${projection.name}`,
    summary: `A row of the view ${projection.name}, by its ${projection.key}`,
    tag: "Views",
    params: keyParams,
    headers: freshness,
    answers: { 200: { description: "The row", schema: projection.row } },
    notModified: true,
    problems: [404, 503],
    async handle({ request, services, principal: { tenant }, params }) {
      const late = await awaitToken(services, tenant, request, projection.name);
      if (late) return late;
      const { headers, scope } = await stateOf(services, tenant, projection.name);
      const key = params["key"] as string;
      const row = await rowByKey(services.shardOf(tenant).views, { scope, view: projection.name, key });
      if (row === undefined) return notFound(`There is no ${key} in the view ${projection.name}.`);
      return isNotModified(request, headers.etag) ? new Response(null, { status: 304, headers }) : jsonBytes(row, headers);
    },
  };
}

/** Which rows of a view are read now, and up to which position of the log they are. */
async function stateOf(services: Services, tenant: string, view: string): Promise<{ scope: string; headers: { etag: string; "x-view-position": string } }> {
  const known = services.views.filter(({ name }) => name === view);
  const [standing] = await standings(services.shardOf(tenant).views, tenant, known, Date.now());
  const { scope, epoch, generation, position, isNew } = standing as Standing;
  if (isNew) await services.dispatcherFor(tenant).wake();
  // What is read: which log, which generation of the view, and how far.
  const etag = `"${epoch || "none"}.${generation}.${position}"`;
  return { scope, headers: { etag, "x-view-position": String(position) } };
}

/** The scalar columns of a row; `limit`, `cursor`, `sort`, `q` and `token` mean something else in a query. */
function columnsOf({ row }: Projection): readonly Column[] {
  return Object.entries(row.shape).flatMap(([name, schema]): readonly Column[] => {
    const kind = kindOf(schema);
    return kind === undefined || ["limit", "cursor", "sort", "q", "token"].includes(name) ? [] : [{ name, kind }];
  });
}

function kindOf(schema: z.ZodType): Column["kind"] | undefined {
  const { type, anyOf } = z.toJSONSchema(schema, { unrepresentable: "any" }) as { type?: string; anyOf?: readonly { type?: string }[] };
  const one = type ?? anyOf?.find((option) => option.type !== "null")?.type;
  if (one === "string") return "text";
  if (one === "boolean") return "boolean";
  return one === "number" || one === "integer" ? "number" : undefined;
}

function filterOf({ kind }: Column): z.ZodType {
  if (kind === "boolean")
    return z
      .enum(["true", "false"])
      .transform((value) => (value === "true" ? 1 : 0))
      .openapi({ type: "boolean" });
  if (kind === "text") return z.string().max(1000);
  return z
    .string()
    .regex(/^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?$/, "Expected a number")
    .transform(Number)
    .refine(Number.isFinite, "Expected a number that a double can hold")
    .openapi({ type: "number" });
}

const valueOf = (value: unknown): string | number => value as string | number;
