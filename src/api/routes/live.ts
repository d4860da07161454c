import { z } from "@hono/zod-openapi";
import type { Issued } from "../../../durable-objects/tickets.ts";
import { allowsSome, envelopeText, eventText } from "../../kernel/index.ts";
import { loggedEventText } from "../../log/log-row.ts";
import { readLog } from "../../log/read-log.ts";
import { json } from "../answer.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import type { Feed } from "../live/feed.ts";
import { serveSocket } from "../live/socket.ts";
import { watchCredential } from "../live/watch.ts";
import { serveSse, SSE_HEADERS } from "../live/sse.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { lacking } from "../scope.ts";
import { streamName, wholeNumber } from "../schemas.ts";
import { filterOf, logFilters, logScope } from "./log.ts";

/** Characters of events that a listener's page may hold, and events of the log. */
const PAGE_CHARACTERS = 1_000_000;
const PAGE_EVENTS = 500;

const number = wholeNumber(0, Number.MAX_SAFE_INTEGER).optional();
const ticket = z.string().max(200).optional();
const params = z.object({ stream: streamName });
const streamQuery = z.object({ from: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(), ticket });
const resume = z.object({ "last-event-id": z.string().optional() });
const answers = {
  200: { description: "Server-sent events; `id:` is what to resume with", others: { "text/event-stream": z.string() } },
  101: { description: "The same over a WebSocket, where asked to upgrade" },
};

export const liveStream: Endpoint<typeof params, typeof streamQuery, z.ZodType> = {
  method: "get",
  path: "/v1/streams/{stream}/live",
  operationId: "followStream",
  scope: "streams:read:{stream}",
  summary: "What a stream has from a version on, then what happens",
  tag: "Streams",
  takesTicket: true,
  params,
  query: streamQuery,
  headers: resume,
  answers: { ...answers, 204: { description: "The stream is closed and there is nothing left: do not come back" } },
  problems: [404, 410, 503],
  async handle(call) {
    const { services, principal, params, query, request } = call;
    const object = services.objectFor(principal.tenant, params.stream);
    const found = await object.describe();
    if (found === undefined) return notFound(`There is no stream ${params.stream}.`);
    const last = lastEventId(request);
    if (last instanceof Response) return last;
    const from = last === undefined ? query.from : last + 1;
    if (from !== undefined && from < found.firstVersion) {
      const detail = `The stream ${params.stream} was truncated: it begins at version ${found.firstVersion}.`;
      return problem({ status: 410, code: "stream_truncated", detail, firstVersion: found.firstVersion });
    }
    if (found.isClosed && (from ?? found.version + 1) > found.version) return new Response(null, { status: 204 });
    return serve(call, {
      object,
      from,
      watch: (end) => watchCredential(services, principal, { mayStill: (scopes) => lacking({ scopes }, `streams:read:${params.stream}`) === undefined, end }),
      async page(from) {
        const { events } = await services.eventsAfter(principal.tenant, params.stream, from - 1, PAGE_CHARACTERS);
        const isEnd = events.at(-1)?.type.startsWith("rivulet.Stream") ?? false;
        const next = (events.at(-1)?.version ?? from - 1) + 1;
        return { events: events.map((event) => ({ id: event.version, text: eventText(envelopeText(event), event.data) })), next, isEnd };
      },
    });
  },
};

const logQuery = z.object({ after: number, ticket, ...logFilters });

export const liveLog: Endpoint<z.ZodObject, typeof logQuery, z.ZodType> = {
  method: "get",
  path: "/v1/events/live",
  operationId: "followLog",
  scope: "streams:read",
  scopeOf: logScope,
  summary: "What the log has after a position, then what happens",
  tag: "Log",
  takesTicket: true,
  query: logQuery,
  headers: resume,
  answers,
  problems: [503],
  async handle(call) {
    const { services, principal, query, request } = call;
    const { tenant } = principal;
    const last = lastEventId(request);
    if (last instanceof Response) return last;
    const after = last ?? query.after;
    const filter = filterOf(query);
    const scope = logScope({ query });
    return serve(call, {
      object: services.dispatcherFor(tenant),
      from: after === undefined ? undefined : after + 1,
      watch: (end) => watchCredential(services, principal, { mayStill: (scopes) => lacking({ scopes }, scope) === undefined, end }),
      async page(from) {
        const { log } = services.shardOf(tenant);
        const { events, position } = await readLog(log, tenant, { after: from - 1, limit: PAGE_EVENTS, maxBytes: PAGE_CHARACTERS, filter });
        return { events: events.map((event) => ({ id: event.position, text: loggedEventText(event) })), next: position + 1 };
      },
    });
  },
};

export const makeTicket: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/tickets",
  operationId: "makeTicket",
  scope: "tickets:create",
  // A ticket may only what its key may, so whoever reads some stream needs no leave of its own to follow it.
  scopeOf: ({ principal }) => (allowsSome(principal.scopes, "streams:read") ? [] : "tickets:create"),
  summary: "A ticket that opens one live connection within 60 seconds, for clients that cannot send headers",
  tag: "Platform",
  headers: keyed,
  // Nothing is asked for in it; but what came with a key is told from what comes with it again.
  rawBody: { maxBytes: 1024, mediaTypes: [] },
  answers: {
    201: {
      description: "The ticket, and as `Location` where it is good. A repeat by `Idempotency-Key` has neither: it is told once",
      schema: z.object({ ticket: z.string().optional(), expiresAt: z.string() }),
      headers: ["Location?"],
    },
  },
  problems: [422],
  async handle({ request, bytes, services, principal: { tenant, ...holder } }) {
    const idempotency = idempotencyKey(request, bytes);
    if (idempotency instanceof Response) return idempotency;
    return withKey(services, tenant, idempotency, async () => {
      const issued = await services.dispatcherFor(tenant).issueTicket(holder, idempotency);
      return issued.ok ? answerTicket(tenant, issued) : refused(issued);
    });
  },
};

/** Without the ticket where it was told before. */
function answerTicket(tenant: string, { ticket: secret, expiresAt }: Issued): Response {
  const kept = { "cache-control": "no-store" };
  if (secret === undefined) return json({ expiresAt }, 201, { ...kept, "idempotency-replayed": "true" });
  const ticket = `${tenant}.${secret}`;
  return json({ ticket, expiresAt }, 201, { ...kept, location: `/v1/events/live?ticket=${encodeURIComponent(ticket)}` });
}

async function serve({ request }: Pick<Call<unknown, unknown, unknown>, "request">, feed: Feed): Promise<Response> {
  // Whoever asks for the headers alone listens to nothing, so nothing is opened.
  if (request.method === "HEAD") return new Response(null, { headers: SSE_HEADERS });
  return request.headers.get("upgrade")?.toLowerCase() === "websocket" ? serveSocket(feed) : serveSse(feed);
}

/** What a browser resumes with by itself. */
function lastEventId(request: Request): number | undefined | Response {
  const id = request.headers.get("last-event-id");
  if (id === null || id === "") return undefined;
  return /^\d{1,15}$/.test(id) ? Number(id) : invalidInput([{ path: "Last-Event-ID", message: "Expected the id of an event of this feed" }]);
}
