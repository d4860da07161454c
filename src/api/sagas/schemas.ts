import { z } from "@hono/zod-openapi";
import { STREAM_ID_PATTERN } from "../../kernel/index.ts";

/** Where an instance of a saga can stand. */
export const STATES = ["running", "completed", "compensating", "compensated", "stuck", "cancelled"] as const;

const name = z.string().max(100);
/** The id of an instance. */
export const id = z.string().regex(STREAM_ID_PATTERN, "Expected 1 to 200 of [A-Za-z0-9._~:-]");
/** The address of a saga, and of an instance of one. */
export const ofName = z.object({ name });
export const ofOne = z.object({ name, id });

/** An instance, as it is shown. */
export const instance = z
  .object({
    name: z.string(),
    id: z.string(),
    version: z.int().describe("Of the saga's definition that it began with"),
    state: z.enum(STATES),
    startedAt: z.string(),
    endedAt: z.string().optional(),
    reason: z.string().optional(),
    data: z.any(),
    steps: z.array(
      z.object({
        name: z.string(),
        state: z.enum(["running", "done", "skipped", "failed", "undoing", "undone", "stuck"]),
        attempts: z.int(),
        round: z.int(),
        startedAt: z.string(),
        endedAt: z.string().optional(),
        deadline: z.string().optional(),
        reason: z.string().optional(),
        calls: z.array(
          z.object({
            command: z.object({ category: z.string(), id: z.string(), command: z.string() }).optional(),
            state: z.enum(["due", "done", "rejected", "exhausted"]),
            failures: z.int(),
            due: z.string().optional(),
            error: z.string().optional(),
          }),
        ),
      }),
    ),
    deadlines: z.array(z.object({ name: z.string(), at: z.string() })),
  })
  .openapi("SagaInstance");
