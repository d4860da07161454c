import { z } from "@hono/zod-openapi";
import { categoryOf, isPlatformCategory } from "../../kernel/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { conditional, precondition, streamTag } from "../preconditions.ts";
import { notFound, problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import { patched, retentionPatch, shownRetention } from "../retention.ts";
import { streamName } from "../schemas.ts";

const params = z.object({ stream: streamName });
const closeQuery = z.object({
  purge: z
    .enum(["true", "false"])
    .optional()
    .transform((value) => value === "true"),
});

export const closeStream: Endpoint<typeof params, typeof closeQuery, z.ZodType> = {
  method: "delete",
  path: "/v1/streams/{stream}",
  operationId: "closeStream",
  scope: "streams:close:{stream}",
  // To empty a stream is more than to close it, and has a scope of its own.
  scopeOf: ({ query }) => (query.purge === undefined || query.purge === "false" ? "streams:close:{stream}" : "streams:purge:{stream}"),
  summary: "Close a stream, for good; with `purge=true` its data is emptied everywhere, and its hash chain still verifies",
  tag: "Streams",
  params,
  query: closeQuery,
  headers: conditional,
  refuse: ({ params: { stream } }) => reserved(stream),
  answers: {
    200: {
      description: "Closed, or closed already",
      schema: z.object({ stream: z.string(), version: z.int(), closed: z.literal(true), purged: z.boolean() }),
      headers: WRITTEN,
    },
  },
  problems: [400, 403, 404, 412, 503],
  handle: close,
};

async function close(call: Call<{ stream: string }, z.output<typeof closeQuery>, unknown>): Promise<Response> {
  const { request, services, principal, query } = call;
  const { stream } = call.params;
  const { tenant } = principal;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const object = services.objectFor(tenant, stream);
  const result = await object.close({ purge: query.purge, precondition: condition, source: "/v1", metadata: platformMetadata(call, principal.actor) });
  if (!result.ok) return refused(result);
  if (result.version === 0) return notFound(`There is no stream ${stream}.`);
  if (result.isPurged) await settleNow(call, result.version);
  const after = (await object.describe()) ?? { version: result.version, firstVersion: 1 };
  const headers = { etag: streamTag(after), "consistency-token": consistencyToken(stream, result.version) };
  return json({ stream, version: result.version, closed: true, purged: result.isPurged }, 200, headers);
}

const patch = z.strictObject({ retention: retentionPatch }).openapi("StreamPatch", { example: { retention: { maxCount: 1000, maxAge: "P30D" } } });

export const patchStream: Endpoint<typeof params, z.ZodObject, typeof patch> = {
  method: "patch",
  path: "/v1/streams/{stream}",
  operationId: "patchStream",
  scope: "streams:retain:{stream}",
  summary: "Set how much of a stream is kept; the log keeps its copy",
  tag: "Streams",
  params,
  headers: conditional,
  refuse: ({ params: { stream } }) => reserved(stream),
  body: { schema: patch, maxBytes: 16_384, mediaTypes: ["application/merge-patch+json", "application/json"] },
  answers: {
    200: {
      description: "As it is now",
      schema: z.object({ stream: z.string(), version: z.int(), firstVersion: z.int(), retention: z.looseObject({}).nullable() }),
      headers: ["ETag"],
    },
  },
  problems: [403, 404, 409, 412, 503],
  handle: retain,
};

async function retain(call: Call<{ stream: string }, unknown, z.output<typeof patch>>): Promise<Response> {
  const { request, services, principal, body } = call;
  const { stream } = call.params;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const object = services.objectFor(principal.tenant, stream);
  const before = await object.describe();
  if (before === undefined) return notFound(`There is no stream ${stream}.`);
  const result = await object.retain(patched(before.retention, body.retention), condition);
  if (!result.ok) return refused(result);
  await settleNow(call, before.version);
  const after = (await object.describe()) ?? before;
  return json({ stream, version: after.version, firstVersion: after.firstVersion, retention: after.retention && shownRetention(after.retention) }, 200, {
    etag: streamTag(after),
  });
}

function reserved(stream: string): Response | undefined {
  const category = categoryOf(stream);
  if (!isPlatformCategory(category)) return undefined;
  return problem({ status: 403, code: "reserved_category", detail: `The category ${category} is the platform's; its streams keep everything.` });
}

/** Brings the log up to the stream, so that what waits for the log goes now. Should that fail, the object's alarm does it. */
async function settleNow({ services, principal, params }: Call<{ stream: string }, unknown, unknown>, version: number): Promise<void> {
  try {
    await services.projectNow(principal.tenant, [{ stream: params.stream, version }]);
    await services.objectFor(principal.tenant, params.stream).settle();
  } catch (fault) {
    console.warn("api: the alarm will finish what was begun", params.stream, String(fault));
  }
}
