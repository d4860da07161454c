import { z } from "@hono/zod-openapi";
import { forgetDeadLetters } from "../../followers/dead-letters.ts";
import { newSecret } from "../../followers/sink/secrets.ts";
import { subscriptionContext, type SubscriptionSettings, subscriptionStream } from "../../followers/subscription.ts";
import { listSubscriptions } from "../../followers/subscriptions-view.ts";
import { canonicalJson } from "../../kernel/index.ts";
import { readScope } from "../../views/standing.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { awaitToken, consistencyToken, freshness } from "../consistency.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { noMasterKey } from "../no-master-key.ts";
import { conditional, idempotencyKey, keyed, precondition } from "../preconditions.ts";
import { afterName, cursor, limit, page } from "../schemas.ts";
import { commanded, type Prepared, tell } from "../subscriptions/command.ts";
import { type SubscriptionInput, subscriptionInput, type SubscriptionPatch, subscriptionPatch } from "../subscriptions/input.ts";
import { LeaveAsked } from "../subscriptions/leave.ts";
import { patchedInput } from "../subscriptions/patched.ts";
import { givePlaceBack, leavePlace, takePlace } from "../subscriptions/places.ts";
import { openHeaders, sealedSink } from "../subscriptions/sealed-sink.ts";
import { settingsFaults } from "../subscriptions/settings-faults.ts";
import { shownStanding, shownSubscription, subscription, subscriptionLine, subscriptionNow } from "../subscriptions/shown.ts";
import { type Start, startAt } from "../subscriptions/start.ts";
import { type KnownSubscription, knownSubscription } from "../subscriptions/state.ts";
import { newSubscriptionId } from "../subscriptions/subscription-id.ts";

const TAG = "Subscriptions";
/** What all of a subscription's settings may take, as JSON. */
const MAX_BYTES = 65_536;

export const createSubscription: Endpoint<z.ZodObject, z.ZodObject, typeof subscriptionInput> = {
  method: "post",
  path: "/v1/subscriptions",
  operationId: "createSubscription",
  scope: ["subscriptions:write", "streams:read"],
  summary: "Have events delivered to a URL, or kept for one who pulls",
  tag: TAG,
  headers: keyed,
  body: { schema: subscriptionInput, maxBytes: MAX_BYTES },
  answers: { 201: { description: "Made; a secret that was made is shown now, and never again", schema: subscription, headers: WRITTEN } },
  problems: [409, 429],
  handle: create,
};

async function create(call: Call<unknown, unknown, SubscriptionInput>): Promise<Response> {
  const { services, principal, body } = call;
  const { tenant } = principal;
  const faults = settingsFaults(body, { allowLocal: services.allowLocalTargets });
  if (faults.length > 0) return invalidInput(faults);
  const idempotency = idempotencyKey(call.request, withoutSecrets(body));
  if (idempotency instanceof Response) return idempotency;
  return withKey(services, tenant, idempotency, async () => {
    const id = await newSubscriptionId(services, tenant, idempotency);
    const isMade = body.sink.url !== undefined && body.sink.secret === undefined;
    const secret = isMade ? newSecret() : body.sink.secret;
    const leave = new LeaveAsked(services);
    let hasPlace = false;
    const prepare = async (): Promise<Prepared | Response> => {
      const start = await startAt(services, tenant, body.from);
      if (start instanceof Response) return start;
      const settings = await keptSettings(call, id, { input: { ...body, sink: { ...body.sink, ...(secret !== undefined && { secret }) } }, leave });
      if (settings instanceof Response) return settings;
      // Last, so that what else may be refused takes none, and it is not waited for long.
      const place = await takePlace(services, call.principal, id);
      if (place instanceof Response) return place;
      hasPlace ||= place?.isNew === true;
      return { data: { ...settings, start } };
    };
    const sent = await tell(call, { kind: "subscription", id, command: "Create", prepare, idempotency });
    if (sent instanceof Response) {
      if (hasPlace) await givePlaceBack(services, tenant, id);
      return sent;
    }
    const { start } = JSON.parse(sent.state) as { start: Start };
    const answer = { status: 201, location: `/v1/subscriptions/${id}`, position: start.after };
    return commanded(call, id, sent, isMade && !sent.replayed && secret !== undefined ? { ...answer, secret } : answer);
  });
}

/** What tells a request from another with its key: everything but its secrets. */
function withoutSecrets({ sink, ...others }: SubscriptionInput): Uint8Array {
  const { secret: _, headers = {}, ...open } = sink;
  return new TextEncoder().encode(canonicalJson({ ...others, sink: { ...open, headers: Object.keys(headers).sort() } }));
}

interface Wanted {
  readonly input: SubscriptionInput;
  readonly leave: LeaveAsked;
  /** What is there already. */
  readonly now?: SubscriptionSettings;
}

/** A subscription's settings as its aggregate keeps them, its secrets sealed; 503 where there is nothing to seal them with, 422 where the sink denies leave. */
async function keptSettings(
  { services, principal }: Pick<Call<unknown, unknown, unknown>, "services" | "principal">,
  id: string,
  { input, leave, now }: Wanted,
): Promise<SubscriptionSettings | Response> {
  const { from: _, filter, sink, ...settings } = input;
  const context = subscriptionContext(principal.tenant, id);
  const { sealer } = services;
  const kept = { ...settings, ...(filter !== undefined && { filter: filter as unknown }) };
  if (sink.url === undefined) return { ...kept, sink: { kind: "pull" } };
  if (sealer === undefined) return noMasterKey();
  const before = now?.sink.kind === "push" ? now.sink : undefined;
  const { handshake: _before, ...sealed } = await sealedSink({ sealer, context }, { ...sink, url: sink.url }, before);
  const handshake = await leave.of({ ...kept, sink: sealed }, sink.headers ?? {}, now);
  if (handshake instanceof Response) return handshake;
  return { ...kept, sink: { ...sealed, ...(handshake && { handshake }) } };
}

const params = z.object({ id: z.string().max(200) });

export const getSubscription: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/subscriptions/{id}",
  operationId: "getSubscription",
  scope: "subscriptions:read:{id}",
  summary: "A subscription, and how far it has come; its secrets are not shown",
  tag: TAG,
  params,
  answers: { 200: { description: "The subscription", schema: subscriptionNow } },
  isMoving: true,
  problems: [404],
  async handle({ services, principal: { tenant }, params: { id } }) {
    const known = await knownSubscription(services, tenant, id);
    if (known instanceof Response) return known;
    const [described, now] = await Promise.all([
      services.objectFor(tenant, subscriptionStream(id)).describe(),
      services.follower(tenant, "subscription", id).standing(),
    ]);
    const shown = await shownSubscription(services, tenant, id, { ...known, createdAt: described?.createdAt ?? "" });
    const { reason, ...standing } = shownStanding(now);
    const body = { ...shown, ...standing, reason: reason ?? known.reason ?? null, replays: now.replays, redrives: now.redrives };
    return json(body, 200, { etag: `"${known.version}"` });
  },
};

export const patchSubscription: Endpoint<typeof params, z.ZodObject, typeof subscriptionPatch> = {
  method: "patch",
  path: "/v1/subscriptions/{id}",
  operationId: "patchSubscription",
  scope: ["subscriptions:write:{id}", "streams:read"],
  summary: "Change a subscription by a merge-patch; where it begins, and whether it is pulled, stays",
  tag: TAG,
  params,
  headers: conditional,
  body: { schema: subscriptionPatch, maxBytes: MAX_BYTES, mediaTypes: ["application/merge-patch+json", "application/json"] },
  answers: { 200: { description: "As it is now", schema: subscription, headers: WRITTEN } },
  problems: [404, 409, 412, 429],
  handle: change,
};

async function change(call: Call<{ id: string }, unknown, SubscriptionPatch>): Promise<Response> {
  const { services, principal, params, request } = call;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const leave = new LeaveAsked(services);
  const prepare = async (): Promise<Prepared | Response> => {
    const known = await knownSubscription(services, principal.tenant, params.id);
    return known instanceof Response ? known : changed(call, known, leave);
  };
  const sent = await tell(call, { kind: "subscription", id: params.id, command: "Change", prepare, precondition: condition });
  return sent instanceof Response ? sent : commanded(call, params.id, sent);
}

async function changed(
  call: Call<{ id: string }, unknown, SubscriptionPatch>,
  { settings, version }: KnownSubscription,
  leave: LeaveAsked,
): Promise<Prepared | Response> {
  const { services, principal, params, body } = call;
  const { sealer } = services;
  const now = settings.sink.kind === "push" ? settings.sink : undefined;
  const headers = now && sealer ? await openHeaders({ sealer, context: subscriptionContext(principal.tenant, params.id) }, now) : {};
  const patched = patchedInput(settings, headers ?? {}, body);
  if (!patched.ok) return invalidInput(patched.errors);
  const faults = settingsFaults(patched.input, { allowLocal: services.allowLocalTargets });
  if (faults.length > 0) return invalidInput(faults);
  const data = await keptSettings(call, params.id, { input: patched.input, leave, now: settings });
  return data instanceof Response ? data : { data, version };
}

export const deleteSubscription: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/subscriptions/{id}",
  operationId: "deleteSubscription",
  scope: "subscriptions:write:{id}",
  summary: "End a subscription, and drop its dead letters",
  tag: TAG,
  params,
  headers: conditional,
  answers: { 204: { description: "Ended", headers: ["Consistency-Token"] } },
  problems: [404, 409, 412, 429],
  async handle(call) {
    const { services, principal, params, request } = call;
    const condition = precondition(request.headers);
    if (condition instanceof Response) return condition;
    const known = await knownSubscription(services, principal.tenant, params.id);
    if (known instanceof Response) return known;
    const sent = await tell(call, { kind: "subscription", id: params.id, command: "Delete", prepare: () => ({ data: {} }), precondition: condition });
    if (sent instanceof Response) return sent;
    await leavePlace(services, principal, params.id);
    await forgetDeadLetters(services.shardOf(principal.tenant).views, principal.tenant, params.id);
    return new Response(null, { status: 204, headers: { "consistency-token": consistencyToken(subscriptionStream(params.id), sent.version) } });
  },
};

const listQuery = z.object({ limit, cursor });

export const subscriptions: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/subscriptions",
  operationId: "listSubscriptions",
  scope: "subscriptions:read",
  summary: "The subscriptions; how far each has come, it says itself",
  tag: TAG,
  query: listQuery,
  headers: freshness,
  answers: { 200: { description: "A page, in the order of their making", schema: page(subscriptionLine) } },
  problems: [503],
  async handle({ request, services, principal: { tenant }, query }) {
    const resumed = readCursor("subscriptions", afterName, query.cursor);
    if (resumed instanceof Response) return resumed;
    const late = await awaitToken(services, tenant, request, "subscriptions");
    if (late) return late;
    const { views } = services.shardOf(tenant);
    const rows = await listSubscriptions(views, await readScope(views, tenant, "subscriptions"), { after: resumed?.after ?? "", limit: query.limit + 1 });
    const items = rows.slice(0, query.limit).map(({ isFailing, ...row }) => ({ ...row, failing: isFailing }));
    return json({ items, next: rows.length > query.limit ? writeCursor("subscriptions", { after: items.at(-1)?.id ?? "" }) : null });
  },
};
