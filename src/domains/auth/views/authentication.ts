import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { accountEvents } from "../account.ts";
import { authenticationEvents } from "../authentication.ts";

const row = z.object({
  userId: z.string(),
  email: z.string().nullable(),
  status: z.enum(["awaiting_password", "active", "locked", "closed"]),
  /** Whether a second factor is asked for. */
  mfa: z.boolean(),
  setUpAt: z.iso.datetime().nullable(),
  registeredAt: z.iso.datetime().nullable(),
  lockedAt: z.iso.datetime().nullable(),
  closedAt: z.iso.datetime().nullable(),
});
type Shown = Omit<z.output<typeof row>, "userId">;
type Known = Omit<Shown, "status">;

/** The view `authentication`: who can log in, and who not (yet, or any more)? Two streams make a row, in any order. */
export const authenticationView = defineProjection({
  name: "authentication",
  version: 1,
  events: [authenticationEvents, accountEvents],
  key: "userId",
  row,
  on: {
    "auth.AuthenticationSetUp": (row, { data: { email, at } }) => changed(row, { email: row?.email ?? email, setUpAt: at }),
    "auth.AuthenticationClosed": (row, { data }) => changed(row, { closedAt: row?.closedAt ?? data.at }),
    "auth.Registered": (row, { data: { email, at } }) => changed(row, { email, registeredAt: at }),
    "auth.AccountLocked": (row, { data }) => changed(row, { lockedAt: data.at }),
    "auth.AccountUnlocked": (row) => changed(row, { lockedAt: null }),
    "auth.MfaConfirmed": (row) => changed(row, { mfa: true }),
    "auth.AccountClosed": (row, { data }) => changed(row, { closedAt: row?.closedAt ?? data.at }),
  },
});

const NOTHING: Known = { email: null, mfa: false, setUpAt: null, registeredAt: null, lockedAt: null, closedAt: null };

function changed(row: Known = NOTHING, change: Partial<Known>): Shown {
  const next = { ...row, ...change };
  return {
    ...next,
    status: next.closedAt !== null ? "closed" : next.registeredAt === null ? "awaiting_password" : next.lockedAt !== null ? "locked" : "active",
  };
}
