import { defineModule } from "../kernel/index.ts";
import { userOnboarding } from "./user-onboarding.ts";

export { type Letter, mail, type Mail, type Mailed } from "./mail.ts";
export { userOnboarding } from "./user-onboarding.ts";

/** Work that goes across domains. */
export const flows = defineModule({ name: "flows", sagas: [userOnboarding] });
