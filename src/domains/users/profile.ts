import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../kernel/index.ts";

const made = z.object({ name: z.string().min(1).max(200), language: z.string().max(35) });
const reason = z.string().min(1).max(1000);

/** What happens to a user's profile. */
export const profileEvents = defineEvents("users", { ProfileCreated: made, ProfileRemoved: z.object({ reason }) });

/** What a user begins with: there from the onboarding on, and gone where that was undone. */
export interface Profile extends Partial<z.output<typeof made>> {
  readonly status: "none" | "created" | "removed";
  readonly reason?: string;
}

/** The aggregate `profile`, whose id is the user's: beside the user's own stream, which nobody else writes to. */
export const profile = defineDecider({
  category: "profile",
  events: profileEvents,
  commands: { CreateProfile: made, RemoveProfile: z.object({ reason }) },
  initialState: (): Profile => ({ status: "none" }),
  evolve: {
    ProfileCreated: (_, { data }) => ({ ...data, status: "created" }),
    ProfileRemoved: (profile, { data }) => ({ ...profile, status: "removed", reason: data.reason }),
  },
  decide: {
    CreateProfile: ({ data }, { status }) => (status === "created" ? [] : profileEvents.ProfileCreated(data)),
    RemoveProfile: ({ data }, { status }) => {
      if (status === "none") return reject("no_such_profile", "This user has no profile: CreateProfile makes one.");
      return status === "removed" ? [] : profileEvents.ProfileRemoved(data);
    },
  },
});
