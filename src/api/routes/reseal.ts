import { z } from "@hono/zod-openapi";
import { SUBSCRIPTION_CATEGORY } from "../../followers/subscription.ts";
import { DEFAULT_TENANT } from "../../kernel/index.ts";
import { streamsOf } from "../../log/streams-of.ts";
import { adminOnly } from "../admin-only.ts";
import { json } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { noMasterKey } from "../no-master-key.ts";
import { cursor, wholeNumber } from "../schemas.ts";
import { HOLDERS } from "../reseal/holders.ts";
import { resealOne } from "../reseal/reseal-one.ts";

/** Aggregates of one request, at most: each is a call or two, and a write. */
const MOST = 50;

const query = z.object({
  cursor,
  limit: wholeNumber(1, MOST).default(MOST).describe(`Aggregates of this request, ${MOST} where left out`),
});
const place = z.object({ holder: z.int().min(0), tenant: z.string(), stream: z.string() });
const states = z.enum(["resealed", "current", "unopened", "busy"]);

export const resealSecrets: Endpoint<z.ZodObject, typeof query, z.ZodType> = {
  method: "post",
  path: "/v1/reseal",
  operationId: "resealSecrets",
  scope: "admin:reseal",
  summary: "Seal secrets of all tenants under the present MASTER_KEY, some with each request: go on with `next` until it is null, then the keys before can go",
  tag: "Platform",
  query,
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

async function reseal(call: Call<unknown, z.output<typeof query>, unknown>): Promise<Response> {
  const { services, query } = call;
  const { sealer } = services;
  if (sealer === undefined) return noMasterKey();
  const resumed = readCursor("reseal", place, query.cursor);
  if (resumed instanceof Response) return resumed;
  // All tenants live on one shard today; with more of them, this is asked of each.
  const { log } = services.shardOf(DEFAULT_TENANT);
  const items: object[] = [];
  let { holder: index, ...after } = resumed ?? { holder: 0, tenant: "", stream: "" };
  for (; index < HOLDERS.length && items.length < query.limit; index++, after = { tenant: "", stream: "" }) {
    const holder = HOLDERS[index] as (typeof HOLDERS)[number];
    const found = await streamsOf(log, holder.category, { after, limit: query.limit - items.length });
    for (const one of found) {
      const state = await resealOne(call, sealer, holder, one);
      if (state === "resealed" && holder.category === SUBSCRIPTION_CATEGORY)
        await services.follower(one.tenant, "subscription", one.stream.slice(SUBSCRIPTION_CATEGORY.length + 1)).told();
      items.push({ ...one, state });
      after = one;
    }
    if (items.length === query.limit) return json({ items, next: writeCursor("reseal", { holder: index, ...after }) });
  }
  return json({ items, next: null });
}
