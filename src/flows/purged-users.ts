import { z } from "zod";
import { authentication } from "../domains/auth/index.ts";
import { profile, user } from "../domains/users/index.ts";
import { categoryOf, defineHandler, STREAM_PURGED } from "../kernel/index.ts";
import { erasure } from "./erasure.ts";
import { userOnboarding } from "./user-onboarding.ts";

const atWork = z.object({ status: z.enum(["running", "compensating", "stuck"]) });

/**
 * Follows the purge of a user into the streams that have copies of the name and the address: the profile's, the authentication's and the
 * onboarding's. The account, which users open themselves, is purged by itself.
 */
export const purgedUsers = defineHandler({
  name: "purged-users",
  on: [STREAM_PURGED],
  // An onboarding that goes on is undone for the same reason, and needs its data until then.
  retry: { maxAttempts: 12, minDelayMs: 1_000 },
  async handle({ id, stream, eventId, metadata: { correlationId, traceparent } }, context) {
    if (categoryOf(stream) !== user.category) return;
    if (atWork.safeParse((await context.state(userOnboarding.category, id)).state).success) throw new Error("The onboarding goes on still.");
    const { purge } = context.port(erasure);
    for (const category of [profile.category, authentication.category, userOnboarding.category])
      await purge(`${category}-${id}`, { correlationId, causationId: eventId, traceparent });
  },
});
