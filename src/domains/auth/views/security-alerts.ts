import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { pattern, securityEvents, severity } from "../security-events.ts";

/** The view `security_alerts`: what looked suspicious, about whom, and from where? A row for each alert. */
export const securityAlerts = defineProjection({
  name: "security_alerts",
  version: 1,
  events: [securityEvents],
  key: "alertId",
  row: z.object({
    /** The event's own id. */
    alertId: z.string(),
    pattern,
    severity,
    /** Null where it is about an address and no one account. */
    userId: z.string().nullable(),
    ip: z.string().nullable(),
    failures: z.int().nullable(),
    accounts: z.int().nullable(),
    at: z.iso.datetime(),
  }),
  keyOf: { "auth.SuspiciousActivityDetected": ({ eventId }) => eventId },
  without: "nothing",
  on: {
    "auth.SuspiciousActivityDetected"(_, { data: { pattern, severity, userId = null, ip = null, failures = null, accounts = null, at } }) {
      return { pattern, severity, userId, ip, failures, accounts, at };
    },
  },
});
