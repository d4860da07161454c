import { z } from "@hono/zod-openapi";
import type { Appended, AppendRequest, EventDraft, Refusal } from "../../../durable-objects/aggregate/contract.ts";
import { allowsSome, streamOfCloudEvent } from "../../kernel/index.ts";
import { json } from "../answer.ts";
import type { AnswerHeader } from "../answer-headers.ts";
import { appendHeaders, versionsOf } from "../append-answer.ts";
import { attributeLines, cloudEventsBody, type CloudEventsIn, cloudEventsOf, criticalOf, draftOf } from "../cloudevents.ts";
import { undecided } from "../decided.ts";
import { overLimits, reservedStream } from "../draft-limits.ts";
import { consistencyTokenOf } from "../consistency.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { appendScope, lacking } from "../scope.ts";
import { hash, problemSchema, streamName } from "../schemas.ts";

/** Streams that are appended to at the same time. */
const AT_ONCE = 6;
/** Refusals that pass. Where only some streams gave one, the outcome is open (503): sent again, what is there is not written twice. */
const PASSING: ReadonlySet<Refusal["code"]> = new Set(["fault", "overloaded", "stream_backlog"]);

/** Of nothing there is no version, of several streams no one tag, of over 32 no token. */
const WRITTEN_PERHAPS: readonly AnswerHeader[] = ["ETag?", "Consistency-Token?"];
const taken = z.object({ stream: z.string(), id: z.string(), version: z.int(), hash });
const turnedAway = z.object({ stream: z.string(), id: z.string(), problem: problemSchema });

/** One stream: its versions stand at the top, as in the answer to an append. */
const allTaken = z
  .object({ stream: z.string().optional(), firstVersion: z.int().optional(), lastVersion: z.int().optional(), events: z.array(taken) })
  .openapi("CloudEventsTaken");
const partlyTaken = z.object({ events: z.array(z.union([taken, turnedAway])) }).openapi("CloudEventsPartlyTaken");

export const appendCloudEvents: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/events",
  operationId: "appendCloudEvents",
  scope: "events:write:{stream}",
  scopeOf: ({ principal }) => (allowsSome(principal.scopes, "events:import") ? [] : "events:write:{stream}"),
  summary: "Append CloudEvents whose producer knows no streams: all or nothing in each stream",
  tag: "Log",
  headers: keyed,
  rawBody: cloudEventsBody,
  answers: {
    201: { description: "All are there now", schema: allTaken, headers: WRITTEN_PERHAPS },
    200: { description: "All were here already, or there was none; nothing was written", schema: allTaken, headers: WRITTEN_PERHAPS },
    207: { description: "Some streams took theirs, others refused; each event says what became of it", schema: partlyTaken, headers: ["Consistency-Token?"] },
  },
  problems: [403, 409, 410, 422, 429, 503],
  handle: take,
};

/** The events of one stream, with their places in the request. */
interface Share {
  readonly stream: string;
  readonly drafts: EventDraft[];
  readonly places: number[];
}

async function take(call: Call<unknown, unknown, unknown>): Promise<Response> {
  const { request } = call;
  if (request.headers.has("if-match") || request.headers.has("if-none-match"))
    return problem({
      status: 400,
      code: "invalid_precondition",
      detail: "Expected no precondition: it needs a stream, as in POST /v1/streams/{stream}/events.",
    });
  const idempotency = idempotencyKey(request, call.bytes, attributeLines(request.headers));
  if (idempotency instanceof Response) return idempotency;
  const read = cloudEventsOf(call);
  if (read instanceof Response) return read;
  const shares = shared(call, read);
  if (shares instanceof Response) return shares;
  return withKey(call.services, call.principal.tenant, idempotency, async () => answer(shares, await appendAll(call, shares, idempotency && { idempotency })));
}

/** Everything is checked here, before anything is written. */
function shared(call: Call<unknown, unknown, unknown>, { events, pathOf }: CloudEventsIn): readonly Share[] | Response {
  const drafts = events.map((event) => draftOf(call, event));
  const uncritical = criticalOf(call, drafts);
  if (uncritical) return uncritical;
  const shares = new Map<string, Share>();
  for (const [index, event] of events.entries()) {
    const stream = streamOfCloudEvent(event);
    if (stream === undefined) return invalidInput([{ path: pathOf(index, "stream"), message: streamName.safeParse("").error?.issues[0]?.message ?? "" }]);
    const reserved = reservedStream(stream);
    if (reserved) return reserved;
    const forbidden = lacking(call.principal, appendScope(call.services, stream));
    if (forbidden) return forbidden;
    const share = shares.get(stream) ?? { stream, drafts: [], places: [] };
    share.drafts.push(drafts[index] as EventDraft);
    share.places.push(index);
    shares.set(stream, share);
  }
  const all = [...shares.values()];
  for (const { stream, drafts, places } of all) {
    const refusal = undecided(call.services, stream, drafts, (index, field) => pathOf(places[index] as number, field));
    if (refusal) return refusal;
  }
  return overLimits(drafts, pathOf) ?? all;
}

async function appendAll(
  { services, principal }: Call<unknown, unknown, unknown>,
  shares: readonly Share[],
  idempotency: Pick<AppendRequest, "idempotency"> | undefined,
): Promise<readonly (Appended | Refusal)[]> {
  const results: (Appended | Refusal)[] = [];
  for (let first = 0; first < shares.length; first += AT_ONCE) {
    const some = shares
      .slice(first, first + AT_ONCE)
      .map(({ stream, drafts }) => services.append(principal.tenant, stream, { events: drafts, precondition: { kind: "none" }, ...idempotency }));
    results.push(...(await Promise.all(some)));
  }
  return results;
}

/** One stream is answered as an append is; several give each event with its stream. */
async function answer(shares: readonly Share[], results: readonly (Appended | Refusal)[]): Promise<Response> {
  const refusals = results.filter((result) => !result.ok);
  const passing = refusals.find(({ code }) => PASSING.has(code));
  if (refusals.length === results.length && refusals[0] !== undefined) return refused(passing ?? refusals[0]);
  if (passing !== undefined) return refused({ ok: false, code: "fault", detail: `Some streams did not take theirs: ${passing.detail} Send all of it again.` });
  const events: object[] = [];
  for (const [index, share] of shares.entries())
    for (const [at, line] of (await lines(share, results[index] as Appended | Refusal)).entries()) events[share.places[at] as number] = line;
  const token = tokenOf(shares, results);
  if (refusals.length > 0) return json({ events }, 207, token);
  const all = results.filter((result) => result.ok);
  const status = all.some(({ created }) => created) ? 201 : 200;
  const [share] = shares;
  const [only, second] = all;
  if (share !== undefined && only !== undefined && second === undefined)
    return json({ stream: share.stream, ...versionsOf(only), events }, status, appendHeaders(share.stream, only));
  const isReplayed = all.length > 0 && all.every(({ replayed }) => replayed);
  return json({ events }, status, {
    ...token,
    ...(isReplayed && { "idempotency-replayed": "true" }),
    ...(status === 201 && { location: locationOf(shares, results) }),
  });
}

/** The token of what the streams took. */
function tokenOf(shares: readonly Share[], results: readonly (Appended | Refusal)[]): Readonly<Record<string, string>> {
  const written = shares.flatMap(({ stream }, index) => {
    const result = results[index] as Appended | Refusal;
    return result.ok ? [{ stream, version: versionsOf(result).lastVersion }] : [];
  });
  const token = consistencyTokenOf(written);
  return token === undefined ? {} : { "consistency-token": token };
}

/** Where the first event is that some stream has just taken; in one stream, the answer to an append says it better. */
function locationOf(shares: readonly Share[], results: readonly (Appended | Refusal)[]): string {
  const { id = "", source = "" } = shares[results.findIndex((result) => result.ok && result.created)]?.drafts[0] ?? {};
  return `/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`;
}

/** What became of each event of a share. */
async function lines({ stream, drafts }: Share, result: Appended | Refusal): Promise<readonly object[]> {
  if (result.ok) return result.events.map((event) => ({ stream, ...event }));
  const problem = await refused(result).json();
  return drafts.map(({ id }) => ({ stream, id, problem }));
}
