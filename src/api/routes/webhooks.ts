import { z } from "@hono/zod-openapi";
import type { Appended } from "../../../durable-objects/aggregate/contract.ts";
import { dataHash, type EventMetadata, isLongerThan, TENANT_PATTERN } from "../../kernel/index.ts";
import { ownHop } from "../../tracing/traced.ts";
import { prove } from "../../webhooks/prove.ts";
import { type Door, receive, type Received, type TurnedAway } from "../../webhooks/receive.ts";
import type { Delivery } from "../../webhooks/scheme.ts";
import { schemeOf } from "../../webhooks/schemes.ts";
import { SOURCE_PATTERN } from "../../webhooks/source.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import { auditDenial } from "../audit.ts";
import { areCritical, criticalRefusal, mayBeCritical } from "../critical.ts";
import { undecided } from "../decided.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { platformMetadata } from "../metadata.ts";
import { authenticate, type Principal } from "../principal.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { limited, orCritical } from "../rate-limit.ts";
import { refused } from "../refusal.ts";
import { eventType, hash } from "../schemas.ts";
import { appendScope, lacking } from "../scope.ts";
import { notAsSigned } from "../signed-principal.ts";
import { sourceState } from "../source-state.ts";
import { quotaIsFull, readOnly } from "../tenant-bounds.ts";
import { boundsOf, outOfService } from "../tenant-standing.ts";
import { MAX_EVENT_BYTES } from "./append.ts";

const params = z.object({ tenant: z.string(), source: z.string() });
const taken = z.object({ stream: z.string(), event: z.object({ id: z.string(), version: z.int(), hash }) });
const greeted = z.object({ challenge: z.string() });

export const receiveWebhook: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/webhooks/{tenant}/{source}",
  operationId: "receiveWebhook",
  scope: "public",
  isLimited: true,
  summary: "Take a producer's delivery as it is, proved by its signature (or, for the scheme none, by a key); each becomes one event, however often it is sent",
  tag: "Inbound webhooks",
  params,
  headers: keyed,
  // A form's escapes can triple the payload.
  rawBody: { maxBytes: 3 * MAX_EVENT_BYTES + 1024, mediaTypes: ["application/json", "application/x-www-form-urlencoded"] },
  answers: {
    200: {
      description: "This delivery was here already, or it is a handshake, which is answered and leaves no event",
      schema: z.union([taken, greeted]),
      headers: ["Consistency-Token?"],
    },
    202: { description: "Appended", schema: taken, headers: ["Consistency-Token"] },
  },
  problems: [400, 401, 403, 404, 408, 409, 410, 413, 415, 422, 429, 503],
  handle: takeDelivery,
};

/** The same whether the tenant or the source is unknown: a stranger learns neither. */
const UNKNOWN = "There is no such place for webhooks.";

type WebhookCall = Call<{ tenant: string; source: string }, unknown, unknown>;

async function takeDelivery(call: WebhookCall): Promise<Response> {
  const { request, services, params, bytes } = call;
  const { tenant, source } = params;
  if (!TENANT_PATTERN.test(tenant) || !SOURCE_PATTERN.test(source)) return notFound(UNKNOWN);
  const place = `${tenant}/${source}`;
  const isFlooded = services.forgeries.areFlood(place);
  const { configuration } = await (isFlooded ? services.sources.get(place) : sourceState(services, tenant, source));
  if (configuration === undefined) return unproved(call, notFound(UNKNOWN));
  const standing = await services.tenants.get(tenant);
  if (standing.deletion !== undefined) return notFound(UNKNOWN);
  const door = { tenant, source, configuration };
  const delivery = { headers: request.headers, body: bytes };
  const by = await proven(call, door, delivery);
  if (by instanceof Response) return unproved(call, by);
  const closed = outOfService(tenant, standing);
  if (closed) return closed;
  ownHop(tenant);
  // Only what was proved counts: else a stranger could use up a tenant's limit.
  const bound = by.principal ?? { tenant, ...boundsOf(standing) };
  const isCritical = areCritical([configuration.priority]) && (by.principal === undefined || mayBeCritical(by.principal));
  const limit = await orCritical(services, bound, await limited(services, bound), isCritical);
  const answer = limit?.refusal ?? (await takeProved(call, { door, delivery, by, bounds: bound.bounds }));
  for (const [name, value] of Object.entries(limit?.headers ?? {})) answer.headers.set(name, value);
  return answer;
}

/** Counts what nobody has proved, in memory: a stranger's flood leaves no rows. */
function unproved({ services, params: { tenant, source } }: WebhookCall, answer: Response): Response {
  if (answer.status === 401 || answer.status === 404) services.forgeries.note(`${tenant}/${source}`);
  return answer;
}

/** A delivery that was proved, and counted. */
interface Proved {
  readonly door: Door;
  readonly delivery: Delivery;
  readonly by: Deliverer;
  /** Undefined where nothing binds the tenant, and for the admin key. */
  readonly bounds: Principal["bounds"];
}

async function takeProved(call: WebhookCall, { door, delivery, by, bounds }: Proved): Promise<Response> {
  const { services, params } = call;
  const outside = readOnly(params.tenant, bounds?.isReadOnly) ?? (await quotaIsFull(services, params.tenant, bounds?.limits));
  if (outside) return outside;
  const received = receive(door, delivery);
  if ("status" in received) return turnedAway(received);
  if ("handshake" in received) return json(received.handshake);
  // Whose signature is right may write where the source says; whose key is right, where its scopes say.
  const { priority = "normal" } = door.configuration;
  const forbidden = by.principal && (lacking(by.principal, appendScope(services, received.stream)) ?? criticalRefusal(by.principal, [priority]));
  if (by.principal && forbidden) return auditDenial({ services, principal: by.principal, endpoint: receiveWebhook }, forbidden);
  return take(call, received, { ...platformMetadata(call, by.actor), priority });
}

interface Deliverer {
  readonly actor: string;
  /** Who has a key. */
  readonly principal?: Principal;
}

/** Who delivers, as it stands in the event's metadata: the source, by its signature, or the key, where the scheme has none. */
async function proven({ request, services }: WebhookCall, door: Door, delivery: Delivery): Promise<Deliverer | Response> {
  const { tenant, source, configuration } = door;
  if (schemeOf(configuration.scheme).signature === undefined) {
    const principal = await authenticate(request, services);
    if (principal instanceof Response) return principal;
    // The body was read before anybody knew who sends it.
    const altered = principal.isSigned ? notAsSigned(request, delivery.body) : undefined;
    if (altered) return altered;
    return principal.tenant === tenant ? { actor: principal.actor, principal } : notFound(UNKNOWN);
  }
  if (services.sealer === undefined) {
    return problem({
      status: 503,
      code: "no_master_key",
      detail: "The deployment has no MASTER_KEY, so it cannot check signatures.",
      headers: { "retry-after": "60" },
    });
  }
  const refused = await prove(door, delivery, services.sealer, Date.now());
  return refused === undefined ? { actor: `webhook:${source}` } : turnedAway(refused);
}

function turnedAway(refused: TurnedAway): Response {
  const headers = refused.status === 401 ? { "www-authenticate": "Signature" } : refused.status === 503 ? { "retry-after": "60" } : {};
  return problem({ ...refused, headers });
}

async function take(call: WebhookCall, received: Received, metadata: EventMetadata): Promise<Response> {
  const { tenant, source } = call.params;
  const type = eventType.safeParse(received.type);
  if (!type.success) return invalidInput([{ path: "type", message: `${received.type}: ${type.error.issues[0]?.message}` }]);
  if (isLongerThan(received.id, 256)) return invalidInput([{ path: "id", message: "Expected at most 256 characters" }]);
  const size = Buffer.byteLength(received.data);
  if (size > MAX_EVENT_BYTES)
    return problem({ status: 413, code: "event_too_large", detail: `The payload is ${size} bytes, expected at most ${MAX_EVENT_BYTES}.` });
  const draft = {
    id: received.id,
    source: `/webhooks/${source}`,
    type: received.type,
    schemaVersion: 1,
    ...(received.time !== undefined && { time: received.time }),
    metadata,
    data: received.data,
    dataHash: dataHash(received.data),
  };
  const undecidable = undecided(call.services, received.stream, [draft], (_, field) => field);
  if (undecidable) return undecidable;
  // Headers may say what a delivery is called, too.
  const idempotency = idempotencyKey(call.request, call.bytes, [received.id, received.type, received.stream]);
  if (idempotency instanceof Response) return idempotency;
  return withKey(call.services, tenant, idempotency, async () => {
    const append = { precondition: { kind: "none" }, events: [draft], ...(idempotency && { idempotency }) } as const;
    const result = await call.services.append(tenant, received.stream, append);
    return result.ok ? answerOf(received.stream, result) : refused(result);
  });
}

function answerOf(stream: string, { events: [event], created, replayed }: Appended): Response {
  return json({ stream, event }, created ? 202 : 200, {
    "consistency-token": consistencyToken(stream, event?.version ?? 0),
    ...(replayed && { "idempotency-replayed": "true" }),
  });
}
