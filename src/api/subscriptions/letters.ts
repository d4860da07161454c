import { z } from "@hono/zod-openapi";
import { deadLetter, type ParkedLetter, parseDeadLetterId } from "../../followers/dead-letters.ts";
import { notFound } from "../problem.ts";
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
  return key && deadLetter(services.shardOf(tenant).views, tenant, key);
}

/** 404. */
export function noLetter(id: string): Response {
  return notFound(`There is no dead letter ${id}.`);
}
