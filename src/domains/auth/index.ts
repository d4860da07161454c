import { defineModule } from "../../kernel/index.ts";
import { account } from "./account.ts";
import { loginAttempts } from "./views/login-attempts.ts";
import { sessions } from "./views/sessions.ts";

export { account, accountEvents, type AccountState } from "./account.ts";
export { loginAttempts } from "./views/login-attempts.ts";
export { sessions } from "./views/sessions.ts";

/** Accounts: registration, logging in and out, passwords, a second factor, and the lock after repeated failures. */
export const auth = defineModule({ name: "auth", deciders: [account], projections: [loginAttempts, sessions] });
