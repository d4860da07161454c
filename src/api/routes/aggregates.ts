import { z } from "@hono/zod-openapi";
import type { PointInTime, StateShown } from "../../../durable-objects/aggregate/contract.ts";
import type { Sent } from "../../commands/send-command.ts";
import { canonicalJson, type Decider, hasSecrets, withoutSecrets } from "../../kernel/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { jsonBytes } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey, keyedConditional, precondition } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { roleRefusal } from "../roles.ts";
import { hash, time, wholeNumber } from "../schemas.ts";

/** A command's data, as JSON. */
const MAX_COMMAND_BYTES = 1024 * 1024;

/** An aggregate's id: what stands behind the category in the name of its stream. */
const id = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,200}$/, "Expected an id: 1 to 200 of [A-Za-z0-9._~:-], but not . or ..")
  .openapi({ example: "1" });
const params = z.object({ id });

const decided = z.object({ id: z.string(), version: z.int(), type: z.string(), data: z.any(), hash });

/** Every endpoint that follows from a decider: one for each command, and one for the state. */
export function aggregateEndpoints(decider: Decider): readonly Endpoint<typeof params, z.ZodObject, z.ZodType>[] {
  return [...Object.entries(decider.commands).map(([name, schema]) => commandEndpoint(decider, name, schema)), stateEndpoint(decider)];
}

function commandEndpoint(decider: Decider, name: string, schema: z.ZodType): Endpoint<typeof params, z.ZodObject, z.ZodType> {
  const { category } = decider;
  return {
    method: "post",
    path: `/v1/aggregates/${category}/{id}/${name}`,
    operationId: `${category}${name}`,
    scope: `commands:${category}:${name}`,
    summary: `${name}, decided by the aggregate ${category}`,
    tag: category,
    params,
    headers: keyedConditional,
    body: { schema: tolerant(schema), maxBytes: MAX_COMMAND_BYTES },
    answers: {
      200: {
        description: "Decided; no events where it changed nothing",
        schema: z.object({
          stream: z.string(),
          version: z.int(),
          events: z.array(decided),
          state: z.any(),
          shownOnce: z.looseObject({}).optional().describe("Secrets that were made just now: they are never shown again"),
        }),
        headers: WRITTEN,
      },
    },
    problems: [409, 410, 412, 429, 503],
    handle: (call) => send(decider, name, call),
  };
}

/** A command's fields that are not known are left out, in whatever domain: a client may be newer than what it talks to. */
function tolerant(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject ? schema.strip() : schema;
}

async function send(decider: Decider, name: string, call: Call<{ id: string }, unknown, unknown>): Promise<Response> {
  const { request, services, principal, params, body } = call;
  const longest = decider.longestId(name, principal.tenant);
  if (params.id.length > longest) return invalidInput([{ path: "id", message: `Expected at most ${longest} characters, got ${params.id.length}` }]);
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const idempotency = idempotencyKey(request, fingerprinted(decider.commands[name] as z.ZodType, body, call.bytes));
  if (idempotency instanceof Response) return idempotency;
  const forbidden = await roleRefusal(services, principal, { category: decider.category, command: name, data: body });
  if (forbidden) return forbidden;
  const stream = `${decider.category}-${params.id}`;
  return withKey(services, principal.tenant, idempotency, async () => {
    const sent = await services.send({
      tenant: principal.tenant,
      category: decider.category,
      id: params.id,
      command: name,
      data: body,
      precondition: condition,
      ...(idempotency && { idempotency }),
      source: "/v1",
      metadata: platformMetadata(call, principal.actor),
    });
    return sent.ok ? answer(stream, sent) : refused(sent);
  });
}

/** What tells a request from another with its key: its bytes, or its data without the secrets where it has any. */
function fingerprinted(schema: z.ZodType, body: unknown, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!hasSecrets(schema)) return bytes;
  return new Uint8Array(new TextEncoder().encode(canonicalJson(withoutSecrets(schema, body) ?? null)));
}

function answer(stream: string, { version, state, events, replayed, shownOnce }: Sent & { ok: true }): Response {
  // The data's texts go out as they are stored: numbers to the digit.
  const lines = events.map(({ id, version, type, hash, data }) => `${JSON.stringify({ id, version, type, hash }).slice(0, -1)},"data":${data}}`);
  const once = shownOnce === undefined ? "" : `,"shownOnce":${JSON.stringify(shownOnce)}`;
  return jsonBytes(`{"stream":${JSON.stringify(stream)},"version":${version},"events":[${lines.join(",")}],"state":${state}${once}}`, {
    etag: `"${version}"`,
    // Version 0, a stream that does not exist yet, is a version as well: every read is as new as that.
    "consistency-token": consistencyToken(stream, version),
    ...(replayed && { "idempotency-replayed": "true" }),
  });
}

const stateQuery = z.object({ version: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(), at: time.optional() });

function stateEndpoint({ category }: Decider): Endpoint<typeof params, typeof stateQuery, z.ZodType> {
  return {
    method: "get",
    path: `/v1/aggregates/${category}/{id}`,
    operationId: `${category}State`,
    scope: `streams:read:${category}-{id}`,
    summary: `The state of an aggregate ${category}: now, at a version, or at a time`,
    tag: category,
    params,
    query: stateQuery,
    answers: { 200: { description: "The state, and the version it is of", schema: z.object({ stream: z.string(), version: z.int(), state: z.any() }) } },
    notModified: true,
    problems: [404, 410, 422, 503],
    handle: (call) => show(category, call),
  };
}

async function show(category: string, { services, principal, params, query }: Call<{ id: string }, z.output<typeof stateQuery>, unknown>): Promise<Response> {
  if (query.version !== undefined && query.at !== undefined) return invalidInput([{ path: "at", message: "Expected one of version and at, got both" }]);
  const stream = `${category}-${params.id}`;
  const found: StateShown = await services.objectFor(principal.tenant, stream).shown(pointOf(query));
  if (found.kind !== "found") return notShown(found, `${category} ${params.id}`, query);
  return jsonBytes(`{"stream":${JSON.stringify(stream)},"version":${found.version},"state":${found.state}}`, { etag: `"${found.version}"` });
}

function notShown({ kind, version }: StateShown, what: string, query: z.output<typeof stateQuery>): Response {
  if (kind === "purged") return problem({ status: 410, code: "stream_purged", detail: `The data of ${what} was purged, and its state with it.` });
  if (kind === "ahead") return invalidInput([{ path: "version", message: `Expected a version up to ${version}, got ${query.version}` }]);
  return notFound(`There is no ${what}${query.at === undefined ? "" : ` at ${query.at}`}.`);
}

function pointOf({ version, at }: z.output<typeof stateQuery>): PointInTime | undefined {
  if (version !== undefined) return { version };
  return at === undefined ? undefined : { at: new Date(at).toISOString() };
}
