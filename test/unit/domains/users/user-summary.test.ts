import { describe, test } from "vitest";
import { userEvents, userSummary } from "../../../../src/domains/users/index.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";

const registeredAt = "2026-01-01T00:00:00.000Z";
const registered = happened("user-u1", userEvents.UserRegistered({ email: "ada@example.com", name: "Ada", registeredAt }));
const row = { userId: "u1", email: "ada@example.com", name: "Ada", bio: "", status: "active", registeredAt };

describe("user_summary", () => {
  test("has who registered, with no bio yet", () => {
    givenLog(userSummary, registered).thenRows(row);
  });

  test("takes over what is new in a profile, and leaves the rest", () => {
    const bio = happened("user-u1", userEvents.ProfileUpdated({ bio: "Wrote the first program." }));
    const name = happened("user-u1", userEvents.ProfileUpdated({ name: "Ada Lovelace" }));
    const language = happened("user-u1", userEvents.ProfileUpdated({ language: "en" }));
    givenLog(userSummary, registered, bio).thenRows({ ...row, bio: "Wrote the first program." });
    givenLog(userSummary, registered, bio, name, language).thenRows({ ...row, bio: "Wrote the first program.", name: "Ada Lovelace" });
    givenLog(userSummary, registered, bio, happened("user-u1", userEvents.ProfileUpdated({ bio: "" }))).thenRows(row);
  });

  test("says who is deactivated", () => {
    givenLog(userSummary, registered, happened("user-u1", userEvents.UserDeactivated({ reason: "asked for it" }))).thenRows({ ...row, status: "deactivated" });
  });

  test("keeps users apart, and has none who never registered", () => {
    const grace = happened("user-u2", userEvents.UserRegistered({ email: "grace@example.com", name: "Grace", registeredAt }));
    const nobody = happened("user-u3", userEvents.ProfileUpdated({ name: "Nobody" }));
    givenLog(userSummary, registered, nobody, grace).thenRows(row, { ...row, userId: "u2", email: "grace@example.com", name: "Grace" });
  });
});
