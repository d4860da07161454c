import type { z } from "zod";
import { categoryOf, commandTo, defineHandler, type EventsOf } from "../../../kernel/index.ts";
import { accountEvents } from "../account.ts";
import { audit, type auditEntry } from "../audit.ts";
import { authenticationEvents } from "../authentication.ts";
import { securityEvents } from "../security-events.ts";

type Told = EventsOf<typeof accountEvents | typeof authenticationEvents | typeof securityEvents>;
type Action = z.output<typeof auditEntry>["action"];

/** What each event is called in the audit log. The watches' own notes are in none: what they note is recorded already.
 * Not required by its type, so that a generated event compiles: test/unit/audited.test.ts tells what is missing. */
const ACTIONS: { readonly [Type in Exclude<Told["type"], `auth.security.${string}`>]?: Action } = {
  "auth.AuthenticationSetUp": "set_up",
  "auth.Registered": "registered",
  "auth.LoginSucceeded": "logged_in",
  "auth.LoginFailed": "login_failed",
  "auth.AccountLocked": "locked",
  "auth.AccountUnlocked": "unlocked",
  "auth.LoggedOut": "logged_out",
  "auth.PasswordChanged": "password_changed",
  "auth.MfaEnrolled": "mfa_enrolled",
  "auth.MfaConfirmed": "mfa_confirmed",
  "auth.SecretsResealed": "mfa_rekeyed",
  "auth.AccountClosed": "closed",
  "auth.AuthenticationClosed": "authentication_closed",
  "auth.SuspiciousActivityDetected": "suspicious_activity",
};
const CATEGORIES: ReadonlySet<string> = new Set(["account", "authentication", "user_watch", "ip_watch"]);

/** Keeps an entry of everything that is done about a user's account. Field by field, so that no secret comes along. */
export const authAuditLog = defineHandler({
  name: "auth-audit-log",
  events: [accountEvents, authenticationEvents, securityEvents],
  on: Object.keys(ACTIONS),
  priority: "low",
  concurrency: 20,
  from: "beginning",
  handle(event) {
    const { type, eventId, stream, version, recorded, metadata } = event;
    const userId = userOf(event);
    const action = (ACTIONS as Readonly<Record<string, Action | undefined>>)[type];
    if (!CATEGORIES.has(categoryOf(stream)) || userId === undefined || action === undefined) return [];
    const entry = { action, at: recorded, actor: metadata.actor, ...originOf(event), ...detailOf(event), eventId, stream, version };
    return [commandTo(audit, userId, "RecordEntry", entry)];
  },
});

/** Undefined for what is about an address alone. */
function userOf({ id, ...event }: Told): string | undefined {
  return event.type === "auth.SuspiciousActivityDetected" ? event.data.userId : id;
}

function originOf({ type, data }: Told): { readonly ip?: string; readonly userAgent?: string } {
  if (type !== "auth.LoginSucceeded" && type !== "auth.LoginFailed" && type !== "auth.SuspiciousActivityDetected") return {};
  return { ...(data.ip !== undefined && { ip: data.ip }), ...("userAgent" in data && data.userAgent !== undefined && { userAgent: data.userAgent }) };
}

function detailOf({ type, data }: Told): { readonly detail?: string } {
  if (type === "auth.LoginFailed" || type === "auth.AccountClosed" || type === "auth.AuthenticationClosed") return { detail: data.reason };
  if (type === "auth.AccountLocked") return { detail: `${data.failures} failures` };
  return type === "auth.SuspiciousActivityDetected" ? { detail: data.pattern } : {};
}
