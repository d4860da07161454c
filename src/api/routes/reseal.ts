import { z } from "@hono/zod-openapi";
import { SUBSCRIPTION_CATEGORY } from "../../followers/subscription.ts";
import { DEFAULT_TENANT } from "../../kernel/index.ts";
import { streamsOf } from "../../log/streams-of.ts";
import { adminOnly } from "../admin-only.ts";
import { json } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { noMasterKey } from "../no-master-key.ts";
import { HOLDERS } from "../reseal/holders.ts";
import { resealOne } from "../reseal/reseal-one.ts";

/** Aggregates of one request, at most: each is a call or two, and a write. */
const MOST = 50;

const body = z.strictObject({ cursor: z.string().max(2_000).optional(), limit: z.int().min(1).max(MOST).default(MOST) }).openapi("Reseal", { example: {} });
const place = z.object({ holder: z.int().min(0), tenant: z.string(), stream: z.string() });
const states = z.enum(["resealed", "current", "unopened", "busy"]);

export const resealSecrets: Endpoint<z.ZodObject, z.ZodObject, typeof body> = {
  method: "post",
  path: "/v1/reseal",
  operationId: "resealSecrets",
  scope: "admin:reseal",
  summary: "Seal secrets of all tenants under the present MASTER_KEY, some with each request: go on with `next` until it is null, then the keys before can go",
  tag: "Platform",
  body: { schema: body, maxBytes: 4_096 },
  answers: {
    200: {
      description: "What became of each: `unopened` are those that no key opens, `busy` those that want to be asked again",
      schema: z.object({ items: z.array(z.object({ tenant: z.string(), stream: z.string(), state: states })), next: z.string().nullable() }),
    },
  },
  problems: [403],
  refuse: adminOnly,
  handle: reseal,
};

async function reseal(call: Call<unknown, unknown, z.output<typeof body>>): Promise<Response> {
  const { services, body } = call;
  const { sealer } = services;
  if (sealer === undefined) return noMasterKey();
  const resumed = readCursor("reseal", place, body.cursor);
  if (resumed instanceof Response) return resumed;
  // All tenants live on one shard today; with more of them, this is asked of each.
  const { log } = services.shardOf(DEFAULT_TENANT);
  const items: object[] = [];
  let { holder: index, ...after } = resumed ?? { holder: 0, tenant: "", stream: "" };
  for (; index < HOLDERS.length && items.length < body.limit; index++, after = { tenant: "", stream: "" }) {
    const holder = HOLDERS[index] as (typeof HOLDERS)[number];
    const found = await streamsOf(log, holder.category, { after, limit: body.limit - items.length });
    for (const one of found) {
      const state = await resealOne(call, sealer, holder, one);
      if (state === "resealed" && holder.category === SUBSCRIPTION_CATEGORY)
        await services.follower(one.tenant, "subscription", one.stream.slice(SUBSCRIPTION_CATEGORY.length + 1)).told();
      items.push({ ...one, state });
      after = one;
    }
    if (items.length === body.limit) return json({ items, next: writeCursor("reseal", { holder: index, ...after }) });
  }
  return json({ items, next: null });
}
