import { z } from "zod";
import { defineDecider, defineEvents, LONGEST_ID, reject } from "../../kernel/index.ts";

const email = z.string().trim().toLowerCase().max(254).email();
const name = z.string().min(1).max(200);
const reason = z.string().min(1).max(1000);
const profile = z.object({
  name: name.optional(),
  bio: z.string().max(5000).optional(),
  language: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, "Expected a BCP 47 language tag, such as en or pt-BR")
    .optional(),
});

/** What happens to a user. */
export const userEvents = defineEvents("users", {
  UserRegistered: z.object({ email: z.email().max(254), name, registeredAt: z.iso.datetime() }),
  /** Only what is new. */
  ProfileUpdated: profile,
  UserDeactivated: z.object({ reason }),
});

/** A user, as the others see them. */
export interface User {
  readonly status: "none" | "active" | "deactivated";
  readonly email?: string;
  /** The name that came with the registration: by this a repeated one is known. */
  readonly registeredName?: string;
  readonly registeredAt?: string;
  readonly name?: string | undefined;
  readonly bio?: string | undefined;
  readonly language?: string | undefined;
  /** Why the user was deactivated. */
  readonly reason?: string;
}

/** The aggregate `user`; its id is the user's. Of active users, no two have one e-mail address. */
export const user = defineDecider({
  category: "user",
  events: userEvents,
  commands: {
    RegisterUser: z.object({ email, name }),
    UpdateProfile: profile,
    DeactivateUser: z.object({ reason }),
  },
  initialState: (): User => ({ status: "none" }),
  evolve: {
    UserRegistered: (_, { data: { email, name, registeredAt } }) => ({ status: "active", email, name, registeredName: name, registeredAt, bio: "" }),
    ProfileUpdated: (user, { data }) => ({ ...user, ...data }),
    UserDeactivated: (user, { data }) => ({ ...user, status: "deactivated", reason: data.reason }),
  },
  decide: {
    RegisterUser({ data: { email, name } }, user, { now }) {
      if (user.status === "none") return userEvents.UserRegistered({ email, name, registeredAt: now });
      return user.email === email && user.registeredName === name
        ? []
        : reject(
            "already_registered",
            "There is a user of this id already, with another address or name: choose another id, or change the name by UpdateProfile.",
          );
    },
    UpdateProfile({ data }, user) {
      if (user.status === "none") return noSuchUser();
      const news = newsOf(data, user);
      if (Object.keys(news).length === 0) return [];
      return user.status === "deactivated" ? reject("deactivated", "The user is deactivated, so the profile stays.") : userEvents.ProfileUpdated(news);
    },
    DeactivateUser({ data }, { status }) {
      if (status === "none") return noSuchUser();
      return status === "deactivated" ? [] : userEvents.UserDeactivated(data);
    },
  },
  show: ({ status, email, name, bio, language, registeredAt, reason }) => ({ status, email, name, bio, language, registeredAt, reason }),
  unique: {
    // Only a registration that is decided takes the address; one that is repeated has it, or has given it back.
    wants: { RegisterUser: ({ data }, { status }) => (status === "none" ? [addressOf(data.email)] : []) },
    frees: ["DeactivateUser"],
    holds: ({ status, email }) => (status === "active" && email !== undefined ? [addressOf(email)] : []),
    taken: reject("already_registered", "Another user is registered with this e-mail address: choose another one, or deactivate that user first."),
  },
  // A user's membership has the id `<tenant>:<user>`, by which it must be found.
  longestId: { RegisterUser: (tenant) => LONGEST_ID - `${tenant}:`.length },
});

type Profile = z.output<typeof profile>;

function newsOf(said: Profile, known: User): Profile {
  const fields = ["name", "bio", "language"] as const;
  return Object.fromEntries(fields.filter((field) => said[field] !== undefined && said[field] !== known[field]).map((field) => [field, said[field]]));
}

// What was appended past the decider may be in another case.
function addressOf(email: string): { readonly scope: string; readonly value: string } {
  return { scope: "users/email", value: email.trim().toLowerCase() };
}

const noSuchUser = () => reject("no_such_user", "There is no such user: RegisterUser makes one.");
