import { defineModule } from "../../kernel/index.ts";
import { profile } from "./profile.ts";
import { user } from "./user.ts";
import { userSummary } from "./views/user-summary.ts";

export { type Profile, profile, profileEvents } from "./profile.ts";
export { type User, user, userEvents } from "./user.ts";
export { userSummary } from "./views/user-summary.ts";

/** Who uses the place: registration and profiles. */
export const users = defineModule({ name: "users", deciders: [user, profile], projections: [userSummary] });
