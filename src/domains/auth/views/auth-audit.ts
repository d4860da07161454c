import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { auditEntry, auditEvents } from "../audit.ts";

/** The view `auth_audit`: who did what about which account, when, and from where? */
export const authAudit = defineProjection({
  name: "auth_audit",
  version: 1,
  events: [auditEvents],
  key: "entryId",
  row: z.object({
    /** The id of the event that tells of it. */
    entryId: z.string(),
    userId: z.string(),
    action: auditEntry.shape.action,
    at: z.iso.datetime(),
    actor: z.string(),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    detail: z.string().nullable(),
  }),
  keyOf: { "auth.audit.EntryRecorded": ({ data }) => data.eventId },
  without: "nothing",
  on: {
    "auth.audit.EntryRecorded"(_, { id, data: { action, at, actor, ip = null, userAgent = null, detail = null } }) {
      return { userId: id, action, at, actor, ip, userAgent, detail };
    },
  },
});
