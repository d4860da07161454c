import { z } from "@hono/zod-openapi";
import {
  type AfterLetter,
  deadLetter,
  type LetterFilter,
  type LetterPage,
  listDeadLetters,
  type ParkedLetter,
  parseDeadLetterId,
} from "../../followers/dead-letters.ts";
import { compareLetters, MAX_STUCK_LOOKED_AT } from "../../sagas/stuck-letters.ts";
import { notFound } from "../problem.ts";
import { isOfSaga, stuckOf } from "../sagas/stuck.ts";
import { streamName, time, topicPattern } from "../schemas.ts";
import type { Services } from "../services.ts";

/** Which dead letters are meant: all of them where nothing is said. */
export const letterFilter = {
  subscription: z.string().min(1).max(200).optional(),
  type: topicPattern.optional(),
  stream: streamName.optional(),
  since: time.optional(),
  until: time.optional(),
};

type Asked = { readonly [Name in keyof typeof letterFilter]?: string | undefined };

/** What was said, without what was not. */
export function stated(asked: Asked): { readonly [Name in keyof Asked]?: string } {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** A dead letter by its id; undefined where there is none. */
export async function letterById(services: Services, tenant: string, id: string): Promise<ParkedLetter | undefined> {
  const key = parseDeadLetterId(id);
  if (key === undefined) return undefined;
  if (!isOfSaga(key.subscription)) return deadLetter(services.shardOf(tenant).views, tenant, key);
  const stuck = await stuckOf(services, tenant, { filter: { subscription: key.subscription }, limit: MAX_STUCK_LOOKED_AT });
  return stuck.find(({ position }) => position === key.position);
}

/**
 * A page of a tenant's dead letters, of followers and of sagas that are stuck, in the order in which they were parked; bounded as
 * `listDeadLetters` is.
 */
export async function listLetters(
  services: Services,
  tenant: string,
  asked: { readonly filter: LetterFilter; readonly after?: AfterLetter; readonly limit: number; readonly maxBytes: number },
): Promise<LetterPage> {
  const { limit, maxBytes } = asked;
  const [page, stuck] = await Promise.all([
    listDeadLetters(services.shardOf(tenant).views, tenant, asked),
    stuckOf(services, tenant, { ...asked, limit: limit + 1 }),
  ]);
  const { next: end } = page;
  // Beyond the end of the one list's page nobody knows what comes next.
  const all = [...page.letters, ...stuck.filter((letter) => end === undefined || compareLetters(letter, end) < 0)].toSorted(compareLetters);
  let bytes = 0;
  const letters = all.slice(0, limit).filter((letter, index) => {
    bytes += letter.event.length + JSON.stringify(letter.attempts).length;
    return index === 0 || bytes <= maxBytes;
  });
  const last = letters.length < all.length ? letters.at(-1) : undefined;
  const next = last === undefined ? end : { subscription: last.subscription, position: last.position, parkedAt: last.parkedAt };
  return { letters, ...(next && { next }) };
}

/** 404. */
export function noLetter(id: string): Response {
  return notFound(`There is no dead letter ${id}.`);
}
