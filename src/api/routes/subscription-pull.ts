import { z } from "@hono/zod-openapi";
import { json, jsonBytes } from "../answer.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKeptAnswer } from "../idempotency.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { limit, recordedEvent, wholeNumber } from "../schemas.ts";
import type { Services } from "../services.ts";
import { knownSubscription, notPull } from "../subscriptions/state.ts";

const TAG = "Subscriptions";
const params = z.object({ id: z.string().max(200) });

/** Milliseconds that events may be leased for: half a day at most, half a minute where nothing is said. */
const MAX_LEASE = 43_200_000;
const DEFAULT_LEASE = 30_000;
/** Positions in one acknowledgement. */
const MAX_POSITIONS = 1_000;

const leaseQuery = z.object({
  limit,
  leaseMs: wholeNumber(1, MAX_LEASE)
    .optional()
    .transform((value) => value ?? DEFAULT_LEASE)
    .openapi({ type: "integer", minimum: 1, maximum: MAX_LEASE, default: DEFAULT_LEASE }),
});

const leased = z
  .object({
    items: z.array(recordedEvent.extend({ position: z.int(), attempt: z.int().describe("1 for an event that comes the first time") }).openapi("LeasedEvent")),
    until: z.string().describe("Until then they are nobody else's"),
  })
  .openapi("Lease");

export const leaseEvents: Endpoint<typeof params, typeof leaseQuery, z.ZodType> = {
  method: "get",
  path: "/v1/subscriptions/{id}/events",
  operationId: "leaseEvents",
  scope: "subscriptions:pull:{id}",
  summary: "Pull: lease what is next, to acknowledge or refuse it; a lease that runs out is a failed attempt",
  tag: TAG,
  params,
  query: leaseQuery,
  answers: { 200: { description: "The events, perhaps none", schema: leased } },
  problems: [404, 409],
  async handle({ request, services, principal: { tenant }, params: { id }, query }) {
    const refusal = await pullRefusal(services, tenant, id);
    if (refusal) return refusal;
    // HEAD shows nothing, so it takes nothing away either.
    const amount = request.method === "HEAD" ? undefined : query.limit;
    if (amount === undefined) return json({ items: [], until: new Date(Date.now() + query.leaseMs).toISOString() });
    const { events, until } = await services.follower(tenant, "subscription", id).lease(amount, query.leaseMs);
    // The events' texts go out as they are stored: numbers to the digit.
    const items = events.map(({ event, position, attempt }) => `{"position":${position},"attempt":${attempt},${event.replace(POSITION, "{").slice(1)}`);
    return jsonBytes(`{"items":[${items.join(",")}],"until":${JSON.stringify(until)}}`);
  },
};

/** Where it stands in an event's text, it stands first. */
const POSITION = /^\{"position":\d+,/;

const positions = z.array(z.int().min(1)).min(1).max(MAX_POSITIONS);
const ackBody = z.strictObject({ positions }).openapi("Acknowledgement", { example: { positions: [812, 813] } });
const nackBody = z
  .strictObject({ positions, reason: z.string().max(1_000).optional() })
  .openapi("Refusal", { example: { positions: [812], reason: "No such order" } });

export const acknowledgeEvents: Endpoint<typeof params, z.ZodObject, typeof ackBody> = {
  method: "post",
  path: "/v1/subscriptions/{id}/ack",
  operationId: "acknowledgeEvents",
  scope: "subscriptions:pull:{id}",
  summary: "Pull: these events are done",
  tag: TAG,
  params,
  headers: keyed,
  body: { schema: ackBody, maxBytes: 65_536 },
  answers: { 200: { description: "How many of them were leased, and are done now", schema: z.object({ acknowledged: z.int() }) } },
  problems: [404, 409],
  handle: (call) => settle(call, (follower) => follower.acknowledge(call.body.positions)),
};

export const refuseEvents: Endpoint<typeof params, z.ZodObject, typeof nackBody> = {
  method: "post",
  path: "/v1/subscriptions/{id}/nack",
  operationId: "refuseEvents",
  scope: "subscriptions:pull:{id}",
  summary: "Pull: these events failed; they come again, or become dead letters",
  tag: TAG,
  params,
  headers: keyed,
  body: { schema: nackBody, maxBytes: 65_536 },
  answers: { 200: { description: "How many of them were leased, and count as failed now", schema: z.object({ refused: z.int() }) } },
  problems: [404, 409],
  handle: (call) => settle(call, (follower) => follower.refuse(call.body.positions, call.body.reason)),
};

async function settle(
  { services, principal: { tenant }, params: { id }, request, bytes }: Call<{ id: string }, unknown, unknown>,
  work: (follower: ReturnType<Services["follower"]>) => Promise<object>,
): Promise<Response> {
  const idempotency = idempotencyKey(request, bytes);
  if (idempotency instanceof Response) return idempotency;
  return withKeptAnswer(services, tenant, idempotency, async () => {
    const refusal = await pullRefusal(services, tenant, id);
    return refusal ?? json(await work(services.follower(tenant, "subscription", id)));
  });
}

async function pullRefusal(services: Services, tenant: string, id: string): Promise<Response | undefined> {
  const known = await knownSubscription(services, tenant, id);
  if (known instanceof Response) return known;
  return known.settings.sink.kind === "pull" ? undefined : notPull(id);
}
