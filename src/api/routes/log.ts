import { z } from "@hono/zod-openapi";
import { logHead } from "../../log/log-heads.ts";
import { eventById, type LogFilter, readLog } from "../../log/read-log.ts";
import { loggedEventText } from "../../log/log-row.ts";
import { listEventTypes } from "../../views/event-types.ts";
import { CLOUDEVENT_BATCH_TYPE, cloudEventBatch } from "../../kernel/index.ts";
import { notAcceptable, preferred } from "../accept.ts";
import { json, jsonBytes, nextLink } from "../answer.ts";
import { readScope } from "../../views/standing.ts";
import { awaitToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { notFound, problem } from "../problem.ts";
import type { Needed } from "../scope.ts";
import { afterName, category, cloudEvents, cursor, limit, page, recordedEvent, streamName, time, topicPattern, wholeNumber } from "../schemas.ts";

/** A page ends at this many bytes. */
export const PAGE_BYTES = 8 * 1024 * 1024;

/** What may be asked of the log, page by page or live. */
export const logFilters = {
  type: topicPattern.optional(),
  category: category.optional(),
  stream: streamName.optional(),
  correlationId: z.string().min(1).max(128).optional(),
  since: time.optional(),
  until: time.optional(),
};

const eventId = z.string().min(1).max(256);
const source = z.string().min(1).max(1024);

const logQuery = z.object({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  limit,
  cursor,
  ...logFilters,
  id: eventId.optional().describe("An event's id, to the character; for those too that stand in no path, such as . and live"),
  source: source.optional(),
});

const REPRESENTATIONS = ["application/json", CLOUDEVENT_BATCH_TYPE] as const;

const logCursor = z.object({ after: z.int().min(0), epoch: z.string() });

export const wholeLog: Endpoint<z.ZodObject, typeof logQuery, z.ZodType> = {
  method: "get",
  path: "/v1/events",
  operationId: "readLog",
  scope: "streams:read",
  scopeOf: logScope,
  summary: "The tenant's whole log, in the order of positions",
  tag: "Log",
  query: logQuery,
  headers: freshness,
  answers: {
    200: {
      description: "A page; `position` is how far it looked. As CloudEvents, the next one is behind the header `Link`",
      schema: z.object({ items: z.array(recordedEvent), position: z.int(), next: z.string().nullable() }),
      others: { [CLOUDEVENT_BATCH_TYPE]: cloudEvents },
      headers: ["Link"],
    },
  },
  problems: [406, 409, 503],
  handle: readWholeLog,
};

async function readWholeLog({ request, services, principal, query }: Call<unknown, z.output<typeof logQuery>, unknown>): Promise<Response> {
  const { tenant } = principal;
  const representation = preferred(request.headers.get("accept"), REPRESENTATIONS);
  if (representation === undefined) return notAcceptable(REPRESENTATIONS);
  const resumed = readCursor("log", logCursor, query.cursor);
  if (resumed instanceof Response) return resumed;
  const late = await awaitToken(services, tenant, request);
  if (late) return late;
  const { log } = services.shardOf(tenant);
  const head = await logHead(log, tenant);
  if (resumed !== undefined && (resumed.epoch !== head.epoch || resumed.after > head.position)) {
    return problem({
      status: 409,
      code: "log_restored",
      detail: "The log is not the one that this cursor was made for: it was restored. Begin anew, and compare.",
    });
  }
  const after = resumed?.after ?? query.after ?? 0;
  const found = await readLog(log, tenant, { after, limit: query.limit, maxBytes: PAGE_BYTES, filter: filterOf(query), head });
  // Who asks beyond the head, as of a log that was restored since, is told where it is: going on from there skips nothing.
  const position = Math.min(found.position, head.position);
  const next = found.isEnd ? null : writeCursor("log", { after: found.position, epoch: head.epoch });
  const items = found.events.map(loggedEventText).join(",");
  const headers = { vary: "Accept" };
  if (representation === CLOUDEVENT_BATCH_TYPE) {
    return jsonBytes(cloudEventBatch(items), { ...headers, "content-type": representation, ...(next !== null && { link: nextLink(request, next) }) });
  }
  return jsonBytes(`{"items":[${items}],"position":${position},"next":${JSON.stringify(next)}}`, headers);
}

/** What reading the log needs: all streams, or those only that the query asks for. */
export function logScope({
  query: { stream, category },
}: {
  readonly query: { readonly stream?: string | undefined; readonly category?: string | undefined };
}): Needed {
  if (stream !== undefined) return `streams:read:${stream}`;
  return category === undefined ? "streams:read" : `streams:read:${category}-*`;
}

/** What a query asks of the log. */
export function filterOf({ type, category, stream, correlationId, since, until, id, source }: Omit<z.output<typeof logQuery>, "limit">): LogFilter {
  return {
    ...(type !== undefined && { type }),
    ...(category !== undefined && { category }),
    ...(stream !== undefined && { stream }),
    ...(correlationId !== undefined && { correlationId }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(id !== undefined && { id }),
    ...(source !== undefined && { source }),
  };
}

const idParams = z.object({ id: eventId });
const idQuery = z.object({ source: source.optional(), category: category.optional() });

export const oneEvent: Endpoint<typeof idParams, typeof idQuery, z.ZodType> = {
  method: "get",
  path: "/v1/events/{id}",
  operationId: "getEvent",
  scope: "streams:read",
  summary: "An event by its id; the newest where several sources used it. One of the platform's own only where its category is named",
  tag: "Log",
  params: idParams,
  query: idQuery,
  headers: freshness,
  answers: { 200: { description: "The event", schema: recordedEvent } },
  problems: [404, 503],
  async handle({ request, services, principal, params: { id }, query }) {
    const { tenant } = principal;
    const late = await awaitToken(services, tenant, request);
    if (late) return late;
    const event = await eventById(services.shardOf(tenant).log, tenant, id, query);
    return event === undefined ? notFound(`There is no event ${id} in the log.`) : jsonBytes(loggedEventText(event));
  },
};

const typesQuery = z.object({ limit, cursor, type: topicPattern.optional() });
const eventTypeLine = z.object({ type: z.string(), count: z.int(), streams: z.int(), firstSeen: z.string(), lastSeen: z.string() });

export const eventTypes: Endpoint<z.ZodObject, typeof typesQuery, z.ZodType> = {
  method: "get",
  path: "/v1/event-types",
  operationId: "listEventTypes",
  scope: "streams:read",
  summary: "A built-in view: which event types there are, how often, since when, in how many streams",
  tag: "Log",
  query: typesQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of types", schema: page(eventTypeLine) } },
  problems: [503],
  handle: listTypes,
};

async function listTypes({ request, services, principal, query }: Call<unknown, z.output<typeof typesQuery>, unknown>): Promise<Response> {
  const { tenant } = principal;
  const resumed = readCursor("event-types", afterName, query.cursor);
  if (resumed instanceof Response) return resumed;
  const late = await awaitToken(services, tenant, request, "event_types");
  if (late) return late;
  const { views } = services.shardOf(tenant);
  const rows = await listEventTypes(views, await readScope(views, tenant, "event_types"), {
    after: resumed?.after ?? "",
    limit: query.limit + 1,
    ...(query.type !== undefined && { type: query.type }),
  });
  const items = rows
    .slice(0, query.limit)
    .map(({ type, count, streams, first_seen: firstSeen, last_seen: lastSeen }) => ({ type, count, firstSeen, lastSeen, streams }));
  return json({ items, next: rows.length > query.limit ? writeCursor("event-types", { after: (items.at(-1) as { type: string }).type }) : null });
}
