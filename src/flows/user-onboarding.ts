import { z } from "zod";
import { commandTo, defineEvents, defineSaga, failed } from "../kernel/index.ts";
import { membership } from "../domains/platform/index.ts";
import { profile, user, userEvents } from "../domains/users/index.ts";
import { mail } from "./mail.ts";

/** What a new user speaks until they say so. */
const LANGUAGE = "en";
const ROLE = { role: "member" };

/** What happens to streams of whatever category. */
const streamEvents = defineEvents("rivulet", { StreamPurged: z.object({}) });

/** What an instance knows. */
const onboarding = z.object({ userId: z.string(), tenantId: z.string(), email: z.string(), name: z.string() });

/** From a registration to a user who has a profile, may do something, and has been welcomed; or to none. */
export const userOnboarding = defineSaga({
  name: "user-onboarding",
  events: [userEvents, streamEvents],
  aggregates: [user],
  data: onboarding,
  idOf: ({ userId }) => userId,
  startsOn: { "users.UserRegistered": ({ id, tenant, data: { email, name } }) => ({ userId: id, tenantId: tenant, email, name }) },
  steps: [
    {
      name: "profile",
      send: ({ userId, name }) => commandTo(profile, userId, "CreateProfile", { name, language: LANGUAGE }),
      compensate: ({ userId }) => ({
        ...commandTo(profile, userId, "RemoveProfile", { reason: "The onboarding was undone." }),
        accepts: ["no_such_profile"],
      }),
    },
    {
      name: "role",
      send: (known) => commandTo(membership, membershipId(known), "AssignRole", ROLE),
      compensate: (known) => ({ ...commandTo(membership, membershipId(known), "RemoveRole", ROLE), accepts: ["no_such_role", "invalid_id"] }),
    },
    // Last, for a letter is not taken back.
    {
      name: "welcome",
      async call({ email, name }, { key, port }) {
        const sent = await port(mail).send({ to: email, subject: "Welcome", text: `Dear ${name}, you are one of us now.` }, key);
        return sent.ok ? undefined : failed(sent.reason);
      },
    },
  ],
  undoneOn: {
    "users.UserDeactivated": (_, { data: { reason } }) => `The user was deactivated: ${reason}`,
    "rivulet.StreamPurged": () => "The user was purged.",
  },
  undone: ({ userId }, reason) => ({
    ...commandTo(user, userId, "DeactivateUser", { reason: reason.slice(0, 1000) }),
    accepts: ["no_such_user", "stream_closed"],
  }),
});

function membershipId({ tenantId, userId }: Pick<z.output<typeof onboarding>, "tenantId" | "userId">): string {
  return `${tenantId}:${userId}`;
}
