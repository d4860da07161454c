import { z } from "@hono/zod-openapi";
import type { Reconciled } from "../../../durable-objects/aggregate/contract.ts";
import { adminOnly } from "../admin-only.ts";
import { json } from "../answer.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";

/** Objects that one request looks at; each is a call and a query of its own. */
const MOST_OBJECTS = 100;
/** Objects that are asked at the same time. */
const AT_ONCE = 6;

const body = z
  .strictObject({
    objects: z
      .array(z.string().regex(/^[0-9a-f]{64}$/, "Expected an object's id: 64 hexadecimal digits"))
      .min(1)
      .max(MOST_OBJECTS)
      .describe("Ids of objects of the class Aggregate, as the runtime lists them"),
    repair: z.boolean().optional().describe("Whether what the log lacks is sent there again; left out, nothing is done"),
  })
  .openapi("Reconcile");

const compared = z
  .object({
    object: z.string(),
    state: z.enum(["empty", "complete", "behind", "lost", "forked"]),
    tenant: z.string().optional(),
    stream: z.string().optional(),
    version: z.int().optional(),
    loggedVersion: z.int().optional(),
    reason: z.string().optional(),
  })
  .openapi("Reconciled");

export const reconcileObjects: Endpoint<z.ZodObject, z.ZodObject, typeof body> = {
  method: "post",
  path: "/v1/reconcile",
  operationId: "reconcileObjects",
  // No act of administration: an entry in the audit log would take a place in the very log that is refilled, and it comes a hundred objects at a time.
  scope: "reconcile:write",
  summary: "Compare streams with the log by their objects' ids, and send what it lacks there again: after a database was lost or restored",
  tag: "Platform",
  body: { schema: body, maxBytes: 16_384 },
  answers: { 200: { description: "How each compares, in the order of the request", schema: z.object({ items: z.array(compared) }) } },
  problems: [403],
  // The ids say nothing of tenants, so this is for who may see them all.
  refuse: adminOnly,
  handle: reconcile,
};

async function reconcile({ services, body: { objects, repair = false } }: Call<unknown, unknown, z.output<typeof body>>): Promise<Response> {
  const stubs = objects.map((id) => services.objectById(id));
  const strange = stubs.indexOf(undefined);
  if (strange >= 0) return invalidInput([{ path: `objects[${strange}]`, message: "Expected the id of an object of the class Aggregate" }]);
  const items: object[] = [];
  for (let first = 0; first < stubs.length; first += AT_ONCE) {
    const some = stubs.slice(first, first + AT_ONCE).map(async (stub, index) => {
      const found: Reconciled | undefined = await stub?.reconcile(repair);
      return { object: objects[first + index], ...found };
    });
    items.push(...(await Promise.all(some)));
  }
  return json({ items });
}
