import { z } from "zod";
import { defineEvents } from "../../kernel/index.ts";

/** What is told of users elsewhere, as far as it is read here. */
export const usersEvents = defineEvents("users", {
  UserRegistered: z.object({ email: z.string() }),
  UserDeactivated: z.object({ reason: z.string() }),
});
