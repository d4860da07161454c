import { z } from "@hono/zod-openapi";
import { dataHash, eventHash, type JsonText, jsonText, type LoggedEvent, uuid7 } from "../../kernel/index.ts";
import { json } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKeptAnswer } from "../idempotency.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { cursor, limit, page } from "../schemas.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";
import { attempt } from "../subscriptions/shown.ts";
import { knownSubscription, notPush } from "../subscriptions/state.ts";

const TAG = "Subscriptions";
const params = z.object({ id: z.string().max(200) });
const listQuery = z.object({ limit, cursor });
/** No two attempts of a follower have both of these: an event is tried again later. */
const afterAttempt = z.object({ at: z.string().max(40), position: z.int() });

export const subscriptionAttempts: Endpoint<typeof params, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/subscriptions/{id}/attempts",
  operationId: "listAttempts",
  scope: "subscriptions:read:{id}",
  summary: "The last attempts to deliver, the newest first",
  tag: TAG,
  params,
  query: listQuery,
  answers: {
    200: {
      description: "A page; what is older than the last few is forgotten",
      schema: page(attempt.extend({ position: z.int(), stream: z.string(), type: z.string() })),
    },
  },
  problems: [404],
  async handle({ services, principal: { tenant }, params: { id }, query }) {
    const resumed = readCursor("attempts", afterAttempt, query.cursor);
    if (resumed instanceof Response) return resumed;
    const known = await knownSubscription(services, tenant, id);
    if (known instanceof Response) return known;
    const { attempts } = await services.follower(tenant, "subscription", id).standing();
    const at = resumed && attempts.findIndex((one) => one.at === resumed.at && one.position === resumed.position);
    // What the page before ended with may be forgotten by now: then so is all that is older.
    const rest = at === undefined ? attempts : at < 0 ? [] : attempts.slice(at + 1);
    const items = rest.slice(0, query.limit);
    const last = items.at(-1);
    return json({ items, next: last && rest.length > items.length ? writeCursor("attempts", { at: last.at, position: last.position }) : null });
  },
};

const nothing = z.strictObject({});
const tested = attempt
  .extend({ outcome: z.enum(["delivered", "failed", "gone"]).describe("gone: the sink wants nothing more, ever") })
  .openapi("TestedSubscription");

export const testSubscription: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/subscriptions/{id}/test",
  operationId: "testSubscription",
  scope: "subscriptions:write:{id}",
  summary: "Deliver an event of the type `rivulet.Test` at once, which stands in no log",
  tag: TAG,
  params,
  headers: keyed,
  rawBody: optionalBody(nothing),
  answers: { 200: { description: "The attempt, whatever came of it", schema: tested } },
  problems: [404, 409],
  handle: test,
};

async function test(call: Call<{ id: string }, unknown, unknown>): Promise<Response> {
  const { services, principal, params, request, bytes } = call;
  const body = readOptional(call, nothing);
  if (body instanceof Response) return body;
  const idempotency = idempotencyKey(request, bytes);
  if (idempotency instanceof Response) return idempotency;
  return withKeptAnswer(services, principal.tenant, idempotency, async () => {
    const known = await knownSubscription(services, principal.tenant, params.id);
    if (known instanceof Response) return known;
    if (known.settings.sink.kind === "pull") return notPush(params.id);
    const { attempt, outcome } = await services.follower(principal.tenant, "subscription", params.id).test(testEvent(call));
    return json({ ...attempt, outcome });
  });
}

const NOTHING_BEFORE = `sha256:${"0".repeat(64)}` as const;

/** An event as it would stand in the log, at position 0, where none does. */
function testEvent(call: Call<{ id: string }, unknown, unknown>): LoggedEvent {
  const { principal, params } = call;
  const now = new Date().toISOString();
  const data: JsonText = jsonText({ subscription: params.id, message: "This is a test: the event stands in no log." });
  const envelope = {
    id: uuid7(Date.parse(now)),
    stream: `rivulet_test-${params.id}`,
    version: 1,
    type: "rivulet.Test",
    schemaVersion: 1,
    time: now,
    recorded: now,
    source: "/v1/subscriptions",
    metadata: platformMetadata(call, principal.actor),
    previousHash: NOTHING_BEFORE,
    dataHash: dataHash(data),
  };
  return { ...envelope, hash: eventHash(principal.tenant, envelope), position: 0, data };
}
