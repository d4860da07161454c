import { z } from "zod";
import { defineDecider, defineEvents } from "../../kernel/index.ts";

/** What is kept of an act: who did it, when, from where. Never a password, a hash, a code or a sealed secret. */
export const auditEntry = z.object({
  action: z.enum([
    "set_up",
    "registered",
    "logged_in",
    "login_failed",
    "locked",
    "unlocked",
    "logged_out",
    "password_changed",
    "mfa_enrolled",
    "mfa_confirmed",
    "mfa_rekeyed",
    "closed",
    "authentication_closed",
    "suspicious_activity",
  ]),
  at: z.iso.datetime(),
  actor: z.string(),
  ip: z.string().max(100).optional(),
  userAgent: z.string().max(1000).optional(),
  detail: z.string().max(1000).optional(),
  /** The event that tells of it: its id, its stream and its version there. */
  eventId: z.string(),
  stream: z.string(),
  version: z.int().min(1),
});

/** Two words and more, so that who follows `auth.*` does not hear everything twice. */
export const auditEvents = defineEvents("auth.audit", { EntryRecorded: auditEntry });

/** How far each stream that tells of the user is recorded. */
export interface AuditState {
  readonly versions: Readonly<Record<string, number>>;
}

/**
 * What was done about a user's account; its id is the user's. It is what one gives an auditor to read: the account's own stream has
 * hashes and sealed secrets in it. Each stream's events come in order, so what is no newer than the last is a repeat.
 */
export const audit = defineDecider({
  category: "auth_audit",
  events: auditEvents,
  commands: { RecordEntry: auditEntry },
  initialState: (): AuditState => ({ versions: {} }),
  evolve: { EntryRecorded: ({ versions }, { data: { stream, version } }) => ({ versions: { ...versions, [stream]: version } }) },
  decide: { RecordEntry: ({ data }, { versions }) => (data.version <= (versions[data.stream] ?? 0) ? [] : auditEvents.EntryRecorded(data)) },
});
