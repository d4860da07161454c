import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { accountEvents } from "../account.ts";

/** Who tried to log in, from where, and how it went: a row for each attempt, which never changes again. */
export const loginAttempts = defineProjection({
  name: "login_attempts",
  version: 1,
  events: [accountEvents],
  key: "attemptId",
  row: z.object({
    /** The event's own id. */
    attemptId: z.string(),
    userId: z.string(),
    ip: z.string().nullable(),
    outcome: z.enum(["succeeded", "failed"]),
    reason: z.enum(["wrong_password", "code_required", "wrong_code"]).nullable(),
    at: z.iso.datetime(),
  }),
  index: ["userId"],
  keyOf: { "auth.LoginSucceeded": ({ eventId }) => eventId, "auth.LoginFailed": ({ eventId }) => eventId },
  without: "nothing",
  on: {
    "auth.LoginSucceeded": (_, { id, data: { ip = null, at } }) => ({ userId: id, ip, outcome: "succeeded" as const, reason: null, at }),
    "auth.LoginFailed": (_, { id, data: { ip = null, reason, at } }) => ({ userId: id, ip, outcome: "failed" as const, reason, at }),
  },
});
