import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { accountEvents } from "../account.ts";

const session = z.object({
  sessionId: z.string(),
  userId: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  active: z.boolean(),
  ip: z.string().nullable(),
});
type Session = z.output<typeof session>;

/** Who is logged in, since when and from where, and who was. */
export const sessions = defineProjection({
  name: "sessions",
  version: 1,
  events: [accountEvents],
  key: "sessionId",
  row: session,
  index: ["userId"],
  keyOf: {
    "auth.LoginSucceeded": ({ data }) => data.sessionId,
    "auth.LoggedOut": ({ data }) => data.sessionId,
    "auth.PasswordChanged": ({ data }) => data.endedSessions,
    "auth.AccountClosed": ({ data }) => data.endedSessions,
  },
  without: "nothing",
  on: {
    "auth.LoginSucceeded": (_, { id, data: { ip = null, at } }) => ({ userId: id, startedAt: at, endedAt: null, active: true, ip }),
    "auth.LoggedOut": (row, { data }) => ended(row, data.at),
    "auth.PasswordChanged": (row, { data }) => ended(row, data.at),
    "auth.AccountClosed": (row, { data }) => ended(row, data.at),
  },
});

function ended(row: Session | undefined, at: string): Session | undefined {
  return row && { ...row, endedAt: row.endedAt ?? at, active: false };
}
