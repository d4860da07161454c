import { z } from "zod";
import { defineDecider, defineEvents, event } from "../../kernel/index.ts";

/** What a user reaches on the way, once each. */
export const milestone = z.enum(["registered", "account", "first_login", "first_role", "first_order", "left"]);
export type Milestone = z.output<typeof milestone>;

const reached = z.object({ milestone, at: z.iso.datetime() });

export const journeyEvents = defineEvents("platform", { MilestoneReached: event(reached, { type: "platform.journey.MilestoneReached" }) });

/** When each milestone was reached. */
export interface JourneyState {
  readonly reached: Readonly<Partial<Record<Milestone, string>>>;
}

/** The way of one user through the whole platform; its id is the user's. Milestones come from many streams, so in any order: the earliest counts, though it be heard of late. */
export const userJourney = defineDecider({
  category: "user_journey",
  events: journeyEvents,
  commands: { Reach: reached },
  initialState: (): JourneyState => ({ reached: {} }),
  evolve: { MilestoneReached: ({ reached }, { data }) => ({ reached: { ...reached, [data.milestone]: data.at } }) },
  decide: { Reach: ({ data }, { reached }) => (isReachedBy(reached, data) ? [] : journeyEvents.MilestoneReached(data)) },
});

/** Whether a milestone was reached by a time, as far as is known. */
export function isReachedBy(known: JourneyState["reached"], { milestone, at }: z.output<typeof reached>): boolean {
  const then = known[milestone];
  return then !== undefined && then <= at;
}
