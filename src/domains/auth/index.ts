import { defineModule } from "../../kernel/index.ts";
import { account } from "./account.ts";
import { audit } from "./audit.ts";
import { authentication } from "./authentication.ts";
import { authAuditLog } from "./handlers/auth-audit-log.ts";
import { security } from "./handlers/security.ts";
import { userAuthentication } from "./handlers/user-authentication.ts";
import { ipWatch } from "./ip-watch.ts";
import { userWatch } from "./user-watch.ts";
import { authAudit } from "./views/auth-audit.ts";
import { authenticationView } from "./views/authentication.ts";
import { loginAttempts } from "./views/login-attempts.ts";
import { securityAlerts } from "./views/security-alerts.ts";
import { sessions } from "./views/sessions.ts";

export { account, accountEvents, type AccountState } from "./account.ts";
export { audit, auditEvents } from "./audit.ts";
export { authentication, authenticationEvents } from "./authentication.ts";
export { authAuditLog } from "./handlers/auth-audit-log.ts";
export { security } from "./handlers/security.ts";
export { userAuthentication } from "./handlers/user-authentication.ts";
export { ipWatch, ipWatchId } from "./ip-watch.ts";
export { securityEvents } from "./security-events.ts";
export { userWatch } from "./user-watch.ts";
export { authAudit } from "./views/auth-audit.ts";
export { authenticationView } from "./views/authentication.ts";
export { loginAttempts } from "./views/login-attempts.ts";
export { securityAlerts } from "./views/security-alerts.ts";
export { sessions } from "./views/sessions.ts";

/** Accounts: registration, logging in and out, passwords, a second factor, the lock after repeated failures, and who watches over all that. */
export const auth = defineModule({
  name: "auth",
  deciders: [account, authentication, userWatch, ipWatch, audit],
  projections: [loginAttempts, sessions, authenticationView, securityAlerts, authAudit],
  handlers: [userAuthentication, security, authAuditLog],
});
