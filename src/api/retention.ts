import { z } from "@hono/zod-openapi";
import type { Retention } from "../../durable-objects/aggregate/retention.ts";
import { durationMilliseconds } from "../kernel/index.ts";

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** A merge-patch (RFC 7396) of a stream's retention: null takes a rule away, what is left out stays. */
export const retentionPatch = z
  .strictObject({
    maxCount: count.nullable().optional(),
    maxAge: z
      .string()
      .max(64)
      .refine(
        (text) => (durationMilliseconds(text) ?? 0) > 0,
        "Expected an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as P30D or PT12H",
      )
      .nullable()
      .optional(),
    before: count.nullable().optional(),
  })
  .nullable()
  .optional();

/** The retention after a patch. */
export function patched(retention: Retention | null, patch: z.output<typeof retentionPatch>): Retention {
  if (patch === undefined) return retention ?? {};
  if (patch === null) return {};
  const { maxCount = retention?.maxCount, maxAge, before = retention?.before } = patch;
  const age = maxAge === undefined ? retention?.maxAge : maxAge === null ? undefined : { milliseconds: durationMilliseconds(maxAge) as number, text: maxAge };
  return { ...(maxCount != null && { maxCount }), ...(age !== undefined && { maxAge: age }), ...(before != null && { before }) };
}

/** Retention as the API gives it; null where nothing is asked for. */
export function shownRetention({ maxCount, maxAge, before }: Retention): { maxCount?: number; maxAge?: string; before?: number } | null {
  if (maxCount === undefined && maxAge === undefined && before === undefined) return null;
  return { ...(maxCount !== undefined && { maxCount }), ...(maxAge !== undefined && { maxAge: maxAge.text }), ...(before !== undefined && { before }) };
}
