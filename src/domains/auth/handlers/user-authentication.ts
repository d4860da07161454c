import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { account, accountEvents } from "../account.ts";
import { authentication, type AuthenticationState } from "../authentication.ts";
import { usersEvents } from "../users-events.ts";

/** Nothing says why any more, once the user is gone. */
const GONE = "The user was deactivated.";

/**
 * Gives each user a way in, and takes it away: a registration sets up authentication, a deactivation closes it together with the account.
 * An account that is registered only afterwards is closed as soon as it is there.
 */
export const userAuthentication = defineHandler({
  name: "user-authentication",
  events: [usersEvents, accountEvents],
  on: ["users.UserRegistered", "users.UserDeactivated", "auth.Registered"],
  priority: "high",
  concurrency: 5,
  from: "beginning",
  async handle(event, context) {
    const { type, id, data } = event;
    // In other streams anybody may write an event of any name.
    if (categoryOf(event.stream) !== (type === "auth.Registered" ? "account" : "user")) return [];
    if (type === "users.UserRegistered") return [commandTo(authentication, id, "SetUp", { email: data.email })];
    if (type === "users.UserDeactivated") return [commandTo(authentication, id, "Close", { reason: data.reason }), closing(id, data.reason)];
    const { state } = await context.state(authentication.category, id);
    return (state as AuthenticationState | null)?.status === "closed" ? [closing(id, GONE)] : [];
  },
});

function closing(id: string, reason: string) {
  return commandTo(account, id, "CloseAccount", { reason });
}
