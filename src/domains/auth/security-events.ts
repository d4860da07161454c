import { z } from "zod";
import { defineEvents, event, type NewFact } from "../../kernel/index.ts";

/** How long (milliseconds) an attempt to log in counts when patterns are looked for. */
export const WATCHED_FOR = 15 * 60_000;

const at = z.iso.datetime();
/** The version that the account's event has in its stream: by it a repeat is known. */
const version = z.int().min(1);

/** An attempt to log in, as those who watch note it. */
export const attempt = z.object({
  userId: z.string().min(1).max(200),
  version,
  outcome: z.enum(["succeeded", "failed"]),
  ip: z.string().max(100).optional(),
  userAgent: z.string().max(1000).optional(),
  at,
});

export const lock = z.object({ version, failures: z.int(), at });

/** What is suspicious, and how bad it is. */
const SEVERITIES = {
  /** A success from an address, or with a browser, that the user never came with. */
  new_origin: "low",
  /** The account locked itself. */
  account_locked: "high",
  /** A success right after three failures or more. */
  success_after_failures: "medium",
  /** Failures of one account from three addresses or more. */
  failures_from_many_ips: "high",
  /** Twenty failures or more from one address. */
  many_failures_from_one_ip: "medium",
  /** Failures of five accounts or more from one address. */
  many_accounts_from_one_ip: "high",
  /** A success from an address that failed on five other accounts just before. */
  success_from_suspicious_ip: "critical",
} as const;

export type Pattern = keyof typeof SEVERITIES;
export const pattern = z.enum(Object.keys(SEVERITIES) as Pattern[]);
export const severity = z.enum(["low", "medium", "high", "critical"]);

const suspicion = z.object({
  pattern,
  severity,
  userId: z.string().optional(),
  ip: z.string().optional(),
  failures: z.int().optional(),
  accounts: z.int().optional(),
  at,
});

/** What those who watch note and tell. `auth.SuspiciousActivityDetected` is the alert; the rest is what it follows from. */
export const securityEvents = defineEvents("auth", {
  AttemptNoted: event(attempt, { type: "auth.security.AttemptNoted" }),
  LockNoted: event(lock, { type: "auth.security.LockNoted" }),
  SuspiciousActivityDetected: suspicion,
});

/** The alert of a pattern. */
export function alert(pattern: Pattern, what: Omit<z.output<typeof suspicion>, "pattern" | "severity">): NewFact {
  return securityEvents.SuspiciousActivityDetected({ pattern, severity: SEVERITIES[pattern], ...what });
}

/** Whether something at `then` still counts at `now`. */
export function counts(then: string, now: string): boolean {
  return Date.parse(now) - Date.parse(then) < WATCHED_FOR;
}
