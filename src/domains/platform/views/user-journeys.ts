import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { journeyEvents, type Milestone } from "../user-journey.ts";

const at = z.iso.datetime().nullable();
const row = z.object({
  userId: z.string(),
  registeredAt: at,
  accountAt: at,
  firstLoginAt: at,
  firstRoleAt: at,
  firstOrderAt: at,
  leftAt: at,
  /** Milliseconds from the registration; null where one of the two is not known, or the registration came later. */
  toFirstLoginMs: z.int().nullable(),
  toFirstOrderMs: z.int().nullable(),
});
type Journey = Omit<z.output<typeof row>, "userId">;
type Reached = Omit<Journey, "toFirstLoginMs" | "toFirstOrderMs">;

const COLUMNS = {
  registered: "registeredAt",
  account: "accountAt",
  first_login: "firstLoginAt",
  first_role: "firstRoleAt",
  first_order: "firstOrderAt",
  left: "leftAt",
} as const satisfies Readonly<Record<Milestone, keyof Reached>>;

/** The view `user_journeys`: how far did each user come, and how fast? */
export const userJourneys = defineProjection({
  name: "user_journeys",
  version: 1,
  events: [journeyEvents],
  key: "userId",
  row,
  on: {
    "platform.journey.MilestoneReached"(row: Journey = NOTHING, { data: { milestone, at } }): Journey {
      const next = { ...row, [COLUMNS[milestone]]: at };
      return { ...next, toFirstLoginMs: between(next.registeredAt, next.firstLoginAt), toFirstOrderMs: between(next.registeredAt, next.firstOrderAt) };
    },
  },
});

const NOTHING: Journey = {
  registeredAt: null,
  accountAt: null,
  firstLoginAt: null,
  firstRoleAt: null,
  firstOrderAt: null,
  leftAt: null,
  toFirstLoginMs: null,
  toFirstOrderMs: null,
};

function between(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  const milliseconds = Date.parse(to) - Date.parse(from);
  return milliseconds < 0 ? null : milliseconds;
}
