import { z } from "@hono/zod-openapi";
import type { Projection, View } from "../../kernel/index.ts";
import { type FoundRow, selectRow, selectRows } from "../../views/read-rows.ts";
import { type Standing, standings, standingWith } from "../../views/standing.ts";
import { jsonBytes } from "../answer.ts";
import { awaitToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { isNotModified } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { traced } from "../../tracing/traced.ts";
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
    scope: `views:read:${projection.name}`,
    summary: `The rows of the view ${projection.name}`,
    tag: "Views",
    query,
    headers: freshness,
    answers: {
      200: {
        description: "A page of rows; `X-View-Position` says up to which position of the log they are",
        schema: page(projection.row),
        headers: ["X-View-Position"],
      },
    },
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
  const { tenant } = principal;
  const { views } = services.shardOf(tenant);
  const view = viewOf(services, projection);
  // Who has a page already often has the newest: then no row is read.
  if (request.headers.has("if-none-match")) {
    const [standing] = await standings(views, tenant, [view], Date.now());
    const headers = await headersOf(services, tenant, standing as Standing);
    if (isNotModified(request, headers.etag)) return new Response(null, { status: 304, headers });
  }
  const select = selectRows(views, {
    tenant,
    view: projection.name,
    where: columns.flatMap(({ name }) =>
      query[name] === undefined ? [] : [{ column: name, value: valueOf(query[name]), isIndexed: projection.index.includes(name) }],
    ),
    ...(query.q !== undefined && { search: query.q }),
    ...(sort !== "" && { sort: { column: sort.replace(/^-/, ""), isDescending: sort.startsWith("-") } }),
    ...(resumed && { after: resumed }),
    limit: query.limit + 1,
  });
  const { standing, rows } = await tracedQuery(projection, () => standingWith<FoundRow>(views, tenant, view, { now: Date.now(), select }));
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const next = rows.length > query.limit && last ? writeCursor(`view-${projection.name}`, { value: last.value, key: last.key, sort }) : null;
  return jsonBytes(`{"items":[${shown.map(({ row }) => row).join(",")}],"next":${JSON.stringify(next)}}`, await headersOf(services, tenant, standing));
}

const keyParams = z.object({ key: z.string().min(1).max(500) });

function rowEndpoint(projection: Projection): Endpoint<z.ZodObject, z.ZodObject, z.ZodType> {
  return {
    method: "get",
    path: `/v1/views/${projection.name}/{key}`,
    operationId: `get_${projection.name}`,
    scope: `views:read:${projection.name}`,
    summary: `A row of the view ${projection.name}, by its ${projection.key}`,
    tag: "Views",
    params: keyParams,
    headers: freshness,
    answers: { 200: { description: "The row", schema: projection.row, headers: ["X-View-Position"] } },
    notModified: true,
    problems: [404, 503],
    async handle({ request, services, principal: { tenant }, params }) {
      const late = await awaitToken(services, tenant, request, projection.name);
      if (late) return late;
      const { views } = services.shardOf(tenant);
      const key = params["key"] as string;
      const select = selectRow(views, { tenant, view: projection.name, key });
      const view = viewOf(services, projection);
      const { standing, rows } = await tracedQuery(projection, () => standingWith<FoundRow>(views, tenant, view, { now: Date.now(), select }));
      const headers = await headersOf(services, tenant, standing);
      const [found] = rows;
      if (found === undefined) return notFound(`There is no ${key} in the view ${projection.name}.`);
      return jsonBytes(found.row, headers);
    },
  };
}

/** A query of a view's rows, as a span. */
function tracedQuery<Result>({ name }: Projection, query: () => Promise<Result>): Promise<Result> {
  return traced(`query view ${name}`, query, {
    kind: "client",
    attributes: { "db.system.name": "cloudflare.d1", "db.operation.name": "SELECT", "db.collection.name": name },
  });
}

/** The view as it is folded, of which a test may have put another in. */
function viewOf({ views }: Services, { name, version }: Projection): Pick<View, "name" | "version"> {
  return views.find((view) => view.name === name) ?? { name, version };
}

/** What is read: which log, which generation of the view, and how far. A view that nobody has begun to build is begun. */
async function headersOf(
  services: Services,
  tenant: string,
  { epoch, generation, position, isNew }: Standing,
): Promise<{ readonly etag: string; readonly "x-view-position": string }> {
  if (isNew) await services.dispatcherFor(tenant).wake();
  return { etag: `"${epoch || "none"}.${generation}.${position}"`, "x-view-position": String(position) };
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
