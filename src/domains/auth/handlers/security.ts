import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { accountEvents } from "../account.ts";
import { ipWatch, ipWatchId } from "../ip-watch.ts";
import { userWatch } from "../user-watch.ts";

/**
 * Feeds attempts to log in, and locks, to those who watch: one for each user and one for each address. It tells of what is suspicious, and
 * locks nobody out itself: whoever fails on purpose from an address would lock out all others behind it.
 */
export const security = defineHandler({
  name: "security",
  events: [accountEvents],
  on: ["auth.LoginFailed", "auth.LoginSucceeded", "auth.AccountLocked"],
  priority: "critical",
  concurrency: 10,
  handle(event) {
    const { type, id, version } = event;
    if (categoryOf(event.stream) !== "account") return [];
    if (type === "auth.AccountLocked") return [commandTo(userWatch, id, "NoteLock", { version, ...event.data })];
    if (type !== "auth.LoginFailed" && type !== "auth.LoginSucceeded") return [];
    const { ip, userAgent, at } = event.data;
    const outcome = type === "auth.LoginFailed" ? "failed" : "succeeded";
    const attempt = { userId: id, version, outcome, at, ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) } as const;
    return [commandTo(userWatch, id, "NoteAttempt", attempt), ...(ip ? [commandTo(ipWatch, ipWatchId(ip), "NoteAttempt", { ...attempt, ip })] : [])];
  },
});
