import { categoryOf, commandTo, defineHandler, type EventsOf, parseStreamName } from "../../../kernel/index.ts";
import { membershipEvents } from "../membership.ts";
import { parseMembershipId } from "../membership-id.ts";
import { authEvents, ordersEvents, usersEvents } from "../other-events.ts";
import { isReachedBy, type JourneyState, type Milestone, userJourney } from "../user-journey.ts";

type Told = EventsOf<typeof usersEvents | typeof authEvents | typeof ordersEvents | typeof membershipEvents>;

/** What each event says that its user has reached, and the category that it is believed in: elsewhere anybody may write an event of any name. */
const MILESTONES: ReadonlyMap<string, { readonly category: string; readonly milestone: Milestone }> = new Map([
  ["users.UserRegistered", { category: "user", milestone: "registered" }],
  ["users.UserDeactivated", { category: "user", milestone: "left" }],
  ["auth.Registered", { category: "account", milestone: "account" }],
  ["auth.LoginSucceeded", { category: "account", milestone: "first_login" }],
  ["platform.RoleAssigned", { category: "membership", milestone: "first_role" }],
  ["commerce.OrderPlaced", { category: "order", milestone: "first_order" }],
]);

/** Follows each user's way through all domains. What is only counted is in the view `platform_counters`. */
export const platformAnalytics = defineHandler({
  name: "platform-analytics",
  events: [usersEvents, authEvents, ordersEvents, membershipEvents],
  on: [...MILESTONES.keys()],
  priority: "low",
  concurrency: 10,
  from: "beginning",
  async handle(event, context) {
    const told = MILESTONES.get(event.type);
    const userId = userOf(event);
    if (told === undefined || told.category !== categoryOf(event.stream) || userId === undefined) return [];
    // Of most log-ins and orders nothing follows: asking first writes nothing for those.
    const { state } = await context.state(userJourney.category, userId);
    const reached = { milestone: told.milestone, at: event.recorded };
    if (isReachedBy((state as Partial<JourneyState> | null)?.reached ?? {}, reached)) return [];
    return [commandTo(userJourney, userId, "Reach", reached)];
  },
});

/** Undefined where whoever it is about can be no user: a shop may call its customers what it likes. */
function userOf(event: Told): string | undefined {
  const id =
    event.type === "commerce.OrderPlaced" ? event.data.customerId : event.type === "platform.RoleAssigned" ? parseMembershipId(event.id)?.userId : event.id;
  return id !== undefined && parseStreamName(`${userJourney.category}-${id}`) !== undefined ? id : undefined;
}
