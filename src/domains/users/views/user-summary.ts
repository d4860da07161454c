import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { userEvents } from "../user.ts";

const row = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  /** Empty where there is none. */
  bio: z.string(),
  status: z.enum(["active", "deactivated"]),
  registeredAt: z.string(),
});

/** The view `user_summary`: who is there, and who was it that wrote about …? */
export const userSummary = defineProjection({
  name: "user_summary",
  version: 1,
  events: [userEvents],
  key: "userId",
  row,
  search: ["name", "email", "bio"],
  on: {
    "users.UserRegistered": (_, { data: { email, name, registeredAt } }) => ({ email, name, bio: "", status: "active", registeredAt }),
    "users.ProfileUpdated": (row, { data: { name, bio } }) => row && { ...row, name: name ?? row.name, bio: bio ?? row.bio },
    "users.UserDeactivated": (row) => row && { ...row, status: "deactivated" },
  },
});
