import { z } from "@hono/zod-openapi";
import { type AfterLetter, deadLetterId, type ParkedLetter } from "../../followers/dead-letters.ts";
import { jsonBytes } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Endpoint } from "../endpoint.ts";
import { cursor, limit, page, recordedEvent } from "../schemas.ts";
import { isOfSaga } from "../sagas/stuck.ts";
import { letterById, letterFilter, listLetters, noLetter, stated } from "../subscriptions/letters.ts";
import { attempt } from "../subscriptions/shown.ts";
import { MOST_WAITING, waitingBehind } from "../subscriptions/waiting-behind.ts";
import { PAGE_BYTES } from "./log.ts";

const TAG = "Dead letters";

const letter = z.object({
  id: z.string().openapi({ example: "019a9c5e-8d2f-7c41-9b0e-3f1d5a6b7c8d~812" }),
  subscription: z
    .string()
    .describe("Its id; of a handler, `handler:` and its name; of a saga, `saga:` and its name: its event then says that an instance is stuck"),
  event: recordedEvent,
  attempts: z.array(attempt).describe("Every one there was, the oldest first"),
  parkedAt: z.string(),
});
const oneLetter = letter
  .extend({
    waitingBehind: z
      .int()
      .nullable()
      .describe(`Events of its stream that wait until it is redriven or dropped, among the next ${MOST_WAITING}; null where none has to wait`),
  })
  .openapi("DeadLetter");

const listQuery = z.object({ ...letterFilter, limit, cursor });
const afterLetter = z.object({ parkedAt: z.string().max(40), subscription: z.string().max(300), position: z.int() });

export const deadLetters: Endpoint<z.ZodObject, typeof listQuery, z.ZodType> = {
  method: "get",
  path: "/v1/dead-letters",
  operationId: "listDeadLetters",
  scope: "dead-letters:read",
  summary: "What could not be delivered, and the sagas that are stuck, in the order in which it was given up; `since` and `until` mean that time",
  tag: TAG,
  query: listQuery,
  answers: { 200: { description: "A page", schema: page(letter) } },
  async handle({ services, principal: { tenant }, query: { limit, cursor, ...asked } }) {
    const after = readCursor<AfterLetter>("dead-letters", afterLetter, cursor);
    if (after instanceof Response) return after;
    const found = await listLetters(services, tenant, { filter: stated(asked), limit, maxBytes: PAGE_BYTES, ...(after && { after }) });
    const next = found.next === undefined ? "null" : JSON.stringify(writeCursor("dead-letters", { ...found.next }));
    return jsonBytes(`{"items":[${found.letters.map((one) => letterText(one)).join(",")}],"next":${next}}`);
  },
};

/** The event's text goes out as it is stored: numbers to the digit. */
function letterText(parked: ParkedLetter, more: object = {}): string {
  const { subscription, event, attempts, parkedAt } = parked;
  const beside = JSON.stringify({ id: deadLetterId(parked), subscription, attempts, parkedAt, ...more });
  return `${beside.slice(0, -1)},"event":${event}}`;
}

const params = z.object({ id: z.string().max(300) });

export const getDeadLetter: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/dead-letters/{id}",
  operationId: "getDeadLetter",
  scope: "dead-letters:read",
  summary: "A dead letter, with the error of each attempt",
  tag: TAG,
  params,
  answers: { 200: { description: "The dead letter", schema: oneLetter } },
  problems: [404],
  async handle({ services, principal: { tenant }, params: { id } }) {
    const found = await letterById(services, tenant, id);
    if (found === undefined) return noLetter(id);
    return jsonBytes(letterText(found, { waitingBehind: isOfSaga(found.subscription) ? null : await waitingBehind(services, tenant, found) }));
  },
};
