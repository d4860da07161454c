import { defineModule } from "../kernel/index.ts";
import { purgedUsers } from "./purged-users.ts";
import { userOnboarding } from "./user-onboarding.ts";

export { type Because, erasure, type Erasure } from "./erasure.ts";
export { type Letter, mail, type Mail, type Mailed } from "./mail.ts";
export { purgedUsers } from "./purged-users.ts";
export { userOnboarding } from "./user-onboarding.ts";

/** Work that goes across domains. */
export const flows = defineModule({ name: "flows", handlers: [purgedUsers], sagas: [userOnboarding] });
