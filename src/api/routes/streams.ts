import { z } from "@hono/zod-openapi";
import { categoryOf, CLOUDEVENT_BATCH_TYPE, cloudEventBatch } from "../../kernel/index.ts";
import { listStreams, loggedStream } from "../../log/read-log.ts";
import { notAcceptable, preferred } from "../accept.ts";
import { json, jsonBytes, nextLink } from "../answer.ts";
import { awaitToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { ndjson, pageOfLines } from "../ndjson.ts";
import { streamTag } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { shownRetention } from "../retention.ts";
import { afterName, atNumber, category, cloudEvents, cursor, hash, limit, page, recordedEvent, streamName, wholeNumber } from "../schemas.ts";
import { upcastItems } from "../upcast.ts";
import { PAGE_BYTES } from "./log.ts";

const params = z.object({ stream: streamName });
const version = wholeNumber(1, Number.MAX_SAFE_INTEGER).optional();

/** As what a stream can be read. Their entity tags differ: that of JSON has no suffix, as `If-Match` wants it. */
const NDJSON = "application/x-ndjson";
const REPRESENTATIONS = ["application/json", CLOUDEVENT_BATCH_TYPE, NDJSON] as const;
const TAG_SUFFIX = { "application/json": "", [CLOUDEVENT_BATCH_TYPE]: "-cloudevents", [NDJSON]: "-ndjson" } as const;

const readQuery = z.object({
  from: version,
  to: version,
  limit,
  cursor,
  direction: z.enum(["forward", "backward"]).optional(),
  upcast: z.enum(["true", "false"]).optional(),
});

export const readStream: Endpoint<typeof params, typeof readQuery, z.ZodType> = {
  method: "get",
  path: "/v1/streams/{stream}/events",
  operationId: "readStream",
  scope: "streams:read:{stream}",
  summary: "Read a stream's events, forward or backward",
  tag: "Streams",
  params,
  query: readQuery,
  answers: {
    200: {
      description: "A page, or all of it as lines (NDJSON); as CloudEvents, the next one is behind the header `Link`",
      schema: z.object({ stream: z.string(), version: z.int(), items: z.array(recordedEvent), next: z.string().nullable() }),
      others: { [CLOUDEVENT_BATCH_TYPE]: cloudEvents, [NDJSON]: z.string() },
      headers: ["Link"],
    },
  },
  notModified: true,
  problems: [404, 406, 410],
  async handle({ request, services, principal, params: { stream }, query }) {
    const representation = preferred(request.headers.get("accept"), REPRESENTATIONS);
    if (representation === undefined) return notAcceptable(REPRESENTATIONS);
    const isUpcast = query.upcast === "true";
    if (isUpcast && representation !== "application/json") return invalidInput([{ path: "upcast", message: "Expected Accept: application/json with it" }]);
    const direction = query.direction ?? "forward";
    const resumed = readCursor(`stream-${direction}`, atNumber, query.cursor);
    if (resumed instanceof Response) return resumed;
    const from = (direction === "forward" ? resumed?.at : undefined) ?? query.from;
    const to = (direction === "backward" ? resumed?.at : undefined) ?? query.to;
    const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    const object = services.objectFor(principal.tenant, stream);
    const lines = { ...range, direction };
    const found = await object.read(representation === NDJSON ? pageOfLines(lines) : { ...lines, limit: query.limit, maxBytes: PAGE_BYTES });
    if (found.version === 0) return notFound(`There is no stream ${stream}.`);
    if (found.isGone) return truncated(stream, found.firstVersion);
    const etag = streamTag(found, TAG_SUFFIX[representation]);
    const headers = { etag, vary: "Accept" };
    if (representation === NDJSON) {
      const body = ndjson(found, lines, async (request) => object.read(request));
      return new Response(body, { headers: { ...headers, "content-type": NDJSON } });
    }
    const next = found.next === null ? null : writeCursor(`stream-${direction}`, { at: found.next });
    if (representation === CLOUDEVENT_BATCH_TYPE) {
      const batch = cloudEventBatch(new TextDecoder().decode(found.items));
      return jsonBytes(batch, { ...headers, "content-type": representation, ...(next !== null && { link: nextLink(request, next) }) });
    }
    const items = isUpcast ? upcastItems(services.decider(categoryOf(stream)), found.items) : found.items;
    return jsonBytes(joined(`{"stream":${JSON.stringify(stream)},"version":${found.version},"items":[`, items, `],"next":${JSON.stringify(next)}}`), headers);
  },
};

/** What was asked for is no longer kept. */
function truncated(stream: string, firstVersion: number): Response {
  return problem({ status: 410, code: "stream_truncated", detail: `The stream ${stream} was truncated: it begins at version ${firstVersion}.`, firstVersion });
}

function joined(head: string, middle: Uint8Array, foot: string): Uint8Array {
  const encoder = new TextEncoder();
  const [first, last] = [encoder.encode(head), encoder.encode(foot)];
  const bytes = new Uint8Array(first.length + middle.length + last.length);
  bytes.set(first);
  bytes.set(middle, first.length);
  bytes.set(last, first.length + middle.length);
  return bytes;
}

const description = z
  .object({
    stream: z.string(),
    category: z.string(),
    version: z.int(),
    firstVersion: z.int(),
    createdAt: z.string(),
    updatedAt: z.string(),
    lastHash: hash,
    snapshotVersion: z.int().nullable(),
    loggedVersion: z.int(),
    closed: z.boolean(),
    retention: z.looseObject({}).nullable(),
    forked: z.string().optional(),
  })
  .openapi("Stream");

export const getStream: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/streams/{stream}",
  operationId: "getStream",
  scope: "streams:read:{stream}",
  summary: "What a stream is: its head, its times, how far the log has it",
  tag: "Streams",
  params,
  answers: { 200: { description: "The stream", schema: description } },
  isMoving: true,
  problems: [404],
  async handle({ services, principal, params: { stream } }) {
    const { tenant } = principal;
    const [found, logged] = await Promise.all([services.objectFor(tenant, stream).describe(), loggedStream(services.shardOf(tenant).log, tenant, stream)]);
    if (found === undefined) return notFound(`There is no stream ${stream}.`);
    const { version, firstVersion, createdAt, updatedAt, hash: lastHash, isClosed, retention } = found;
    const shown = {
      stream,
      category: categoryOf(stream),
      version,
      firstVersion,
      // A truncated stream has forgotten when it began; the log has not.
      createdAt: logged?.created ?? createdAt,
      updatedAt,
      lastHash,
      snapshotVersion: found.snapshotVersion,
      loggedVersion: logged?.version ?? 0,
      closed: isClosed,
      retention: retention === null ? null : shownRetention(retention),
      ...(logged?.forked && { forked: logged.forked }),
    };
    return json(shown, 200, { etag: streamTag(found) });
  },
};

const verifyQuery = z.object({ from: version, to: version });

export const verifyStream: Endpoint<typeof params, typeof verifyQuery, z.ZodType> = {
  method: "get",
  path: "/v1/streams/{stream}/verify",
  operationId: "verifyStream",
  scope: "streams:read:{stream}",
  summary: "Check a stream's hash chain, and the log's copy of it",
  tag: "Streams",
  params,
  query: verifyQuery,
  answers: {
    200: {
      description: "What was found",
      schema: z.union([
        z.object({ valid: z.literal(true), from: z.int(), to: z.int(), lastHash: hash }),
        z.object({ valid: z.literal(false), firstBadVersion: z.int(), reason: z.string() }),
      ]),
    },
  },
  problems: [404, 410],
  async handle({ services, principal, params: { stream }, query: { from, to } }) {
    const object = services.objectFor(principal.tenant, stream);
    const found = await object.describe();
    if (found === undefined) return notFound(`There is no stream ${stream}.`);
    const first = from ?? found.firstVersion;
    // Retention has let everything go: what is left of the chain is where it goes on from.
    if (from === undefined && to === undefined && first > found.version) return json({ valid: true, from: first, to: found.version, lastHash: found.hash });
    if (first > found.version || first > (to ?? first)) {
      return invalidInput([{ path: "from", message: `Expected a version up to ${Math.min(to ?? found.version, found.version)}, got ${first}` }]);
    }
    if (first < found.firstVersion) return truncated(stream, found.firstVersion);
    return json(await object.verify(first, to ?? found.version));
  },
};

const listQuery = z.object({
  category: category.optional(),
  prefix: z.string().min(1).max(301).optional(),
  limit,
  cursor,
});

const directoryLine = z.object({
  stream: z.string(),
  category: z.string(),
  version: z.int(),
  position: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
  forked: z.string().optional(),
});

export const directory: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/streams",
  operationId: "listStreams",
  scope: "streams:read",
  scopeOf: ({ query: { category, prefix } }) => {
    const part = category === undefined ? prefix : `${category}-`;
    return part === undefined ? "streams:read" : `streams:read:${part}*`;
  },
  summary: "The directory of streams, as far as the log has them",
  tag: "Streams",
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of names", schema: page(directoryLine) } },
  handle: listDirectory,
};

async function listDirectory({ request, services, principal, query }: Call<unknown, z.output<typeof listQuery>, unknown>): Promise<Response> {
  const resumed = readCursor("streams", afterName, query.cursor);
  if (resumed instanceof Response) return resumed;
  const late = await awaitToken(services, principal.tenant, request);
  if (late) return late;
  const { category, prefix, limit } = query;
  const rows = await listStreams(services.shardOf(principal.tenant).log, principal.tenant, {
    after: resumed?.after ?? "",
    limit: limit + 1,
    ...(category !== undefined && { category }),
    ...(prefix !== undefined && { prefix }),
  });
  const items = rows.slice(0, limit).map(({ stream, version, position, created, updated, forked }) => ({
    stream,
    category: categoryOf(stream),
    version,
    position,
    createdAt: created,
    updatedAt: updated,
    ...(forked !== null && { forked }),
  }));
  return json({ items, next: rows.length > limit ? writeCursor("streams", { after: (items.at(-1) as { stream: string }).stream }) : null });
}
