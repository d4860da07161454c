import { describe, expect, test } from "vitest";
import { accountEvents } from "../../../../src/domains/auth/index.ts";
import { orderEvents } from "../../../../src/domains/commerce/index.ts";
import {
  journeyEvents,
  membershipEvents,
  platformCounters,
  roleChanges,
  settingsEvents,
  tenantEvents,
  tenantOwners,
  tenantRoles,
  tenantRolesEvents,
  tenantSettings,
  tenantSettingsView,
  userJourney,
  userJourneys,
} from "../../../../src/domains/platform/index.ts";
import { subtitleEvents } from "../../../../src/domains/subtitles/index.ts";
import { userEvents } from "../../../../src/domains/users/index.ts";
import { given, givenLog, happened } from "../../../../src/testing/index.ts";

const NOW = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-01T00:00:05.000Z";

describe("a tenant's settings", () => {
  const free = settingsEvents.DefaultsApplied({
    plan: "free",
    flags: { webhooks: false, analytics: false, "single-sign-on": false },
    limits: { users: 3, locations: 1 },
    location: { locationId: "main", name: "Main" },
    version: 1,
  });
  const closed = settingsEvents.AccessClosed({ reason: "unpaid", version: 3 });

  test("are what its plan gives, once for each plan", () => {
    given(tenantSettings).when("ApplyPlan", { plan: "free", version: 1 }).then(free).thenOnce();
    const [, enterprise] = ["free", "enterprise"].map((plan) =>
      tenantSettings.decide({ name: "ApplyPlan", data: { plan, version: 1 } }, { version: 0 }, CONTEXT),
    );
    expect(enterprise).toMatchObject([{ data: { plan: "enterprise", flags: { "single-sign-on": true }, limits: { users: 10_000 } } }]);
  });

  test("are the standard ones for a plan of any other name", () => {
    const decided = tenantSettings.decide({ name: "ApplyPlan", data: { plan: "constructor", version: 1 } }, { version: 0 }, CONTEXT);
    expect(decided).toMatchObject([{ data: { plan: "constructor", limits: { users: 25, locations: 5 } } }]);
  });

  test("are closed and opened, each once, and not by what came before", () => {
    given(tenantSettings, free).when("CloseAccess", { reason: "unpaid", version: 3 }).then(closed).thenOnce();
    given(tenantSettings, free, closed)
      .when("OpenAccess", { version: 4 })
      .then(settingsEvents.AccessOpened({ version: 4 }))
      .thenOnce();
    const reopened = given(tenantSettings, free, closed, settingsEvents.AccessOpened({ version: 4 }));
    reopened.when("CloseAccess", { reason: "unpaid", version: 3 }).then();
    reopened.when("ApplyPlan", { plan: "enterprise", version: 2 }).then();
    given(tenantSettings, free, closed).when("OpenAccess", { version: 2 }).then();
  });

  test("are a view in which what the tenant set itself wins, whichever comes first", () => {
    const own = happened("tenant-acme", tenantEvents.FeatureFlagSet({ flag: "webhooks", enabled: true }));
    const row = {
      tenantId: "acme",
      plan: "free",
      access: "open",
      closedFor: null,
      maxUsers: 3,
      maxLocations: 1,
      planFlags: { webhooks: false, analytics: false, "single-sign-on": false },
      ownFlags: { webhooks: true },
      flags: { webhooks: true, analytics: false, "single-sign-on": false },
      defaultLocation: { locationId: "main", name: "Main" },
    };
    givenLog(tenantSettingsView, happened("tenant_settings-acme", free), own).thenRows(row);
    givenLog(tenantSettingsView, own, happened("tenant_settings-acme", free)).thenRows(row);
    givenLog(tenantSettingsView, happened("tenant_settings-acme", free), own, happened("tenant_settings-acme", closed)).thenRows({
      ...row,
      access: "closed",
      closedFor: "unpaid",
    });
    const [open] = givenLog(
      tenantSettingsView,
      happened("tenant_settings-acme", closed),
      happened("tenant_settings-acme", settingsEvents.AccessOpened({ version: 4 })),
    ).rows;
    expect(open).toMatchObject({ access: "open", closedFor: null });
  });
});

const CONTEXT = { now: NOW, id: "acme" };

describe("a tenant's privileged roles", () => {
  const change = (userId: string, held: boolean, version: number, role: "owner" | "admin" = "owner") => ({
    userId,
    role,
    held,
    by: "key:ci",
    version,
    at: NOW,
  });
  const granted = (userId: string, version = 1, role?: "admin") => tenantRolesEvents.PrivilegeGranted(change(userId, true, version, role));
  const revoked = (userId: string, version = 2, role?: "admin") => tenantRolesEvents.PrivilegeRevoked(change(userId, false, version, role));
  const last = (userId: string) => tenantRolesEvents.LastOwnerRemoved({ userId, by: "key:ci", at: NOW });

  test("are granted and revoked, once each", () => {
    given(tenantRoles)
      .when("NoteRole", change("ada", true, 1))
      .then(granted("ada"))
      .thenOnce();
    given(tenantRoles, granted("ada"), granted("bob"))
      .when("NoteRole", change("ada", false, 2))
      .then(revoked("ada"))
      .thenOnce();
    given(tenantRoles, granted("ada"), revoked("ada"))
      .when("NoteRole", change("ada", true, 1))
      .then();
  });

  test("are told of when the last owner goes, though admins stay", () => {
    given(tenantRoles, granted("ada"), granted("bob", 1, "admin"))
      .when("NoteRole", change("ada", false, 2))
      .then(revoked("ada"), last("ada"))
      .thenOnce();
    given(tenantRoles, granted("bob", 1, "admin"))
      .when("NoteRole", change("bob", false, 2, "admin"))
      .then(revoked("bob", 2, "admin"))
      .thenOnce();
    // An owner that was never heard of was not the last one.
    given(tenantRoles)
      .when("NoteRole", change("ada", false, 2))
      .then(revoked("ada"));
  });

  test.each(["constructor", "__proto__"])("are of a user called %s too", (userId) => {
    given(tenantRoles)
      .when("NoteRole", change(userId, true, 1))
      .then(granted(userId))
      .thenOnce();
  });

  test("are the view tenant_owners", () => {
    const of = (...facts: readonly Parameters<typeof happened>[1][]) => givenLog(tenantOwners, ...facts.map((fact) => happened("tenant_roles-acme", fact)));
    const row = { tenantId: "acme", owners: ["ada"], admins: ["bob"], hasOwner: true, lastOwnerRemovedAt: null };
    of(granted("ada"), granted("bob", 1, "admin")).thenRows(row);
    of(granted("ada"), granted("bob", 1, "admin"), revoked("ada"), last("ada")).thenRows({ ...row, owners: [], hasOwner: false, lastOwnerRemovedAt: NOW });
    of(granted("ada"), revoked("ada"), last("ada"), granted("eve", 3)).thenRows({ ...row, owners: ["eve"], admins: [], lastOwnerRemovedAt: NOW });
  });
});

test("the view role_changes has a row for each change, with who did it", () => {
  const change = { tenantId: "acme", userId: "ada", role: "member", by: "test", at: NOW };
  givenLog(
    roleChanges,
    happened("membership-acme:ada", membershipEvents.RoleAssigned({ role: "member" })),
    happened("membership-acme:ada", membershipEvents.RoleRemoved({ role: "member" })),
    happened("membership-nobody", membershipEvents.RoleAssigned({ role: "member" })),
  ).thenRows({ changeId: "e1", ...change, change: "assigned" }, { changeId: "e2", ...change, change: "removed" });
});

describe("a user's journey", () => {
  const reached = (milestone: "registered" | "first_login" | "left", at = NOW) => journeyEvents.MilestoneReached({ milestone, at });

  test("has each milestone once, and the earliest time counts, though it be heard of late", () => {
    given(userJourney).when("Reach", { milestone: "registered", at: NOW }).then(reached("registered")).thenOnce();
    given(userJourney, reached("registered", LATER)).when("Reach", { milestone: "registered", at: NOW }).then(reached("registered")).thenOnce();
    given(userJourney, reached("registered")).when("Reach", { milestone: "registered", at: LATER }).then();
  });

  test("is the view user_journeys, in whatever order it is told", () => {
    const row = {
      userId: "ada",
      registeredAt: NOW,
      accountAt: null,
      firstLoginAt: LATER,
      firstRoleAt: null,
      firstOrderAt: null,
      leftAt: null,
      toFirstLoginMs: 5_000,
      toFirstOrderMs: null,
    };
    const facts = [reached("registered"), reached("first_login", LATER)].map((fact) => happened("user_journey-ada", fact));
    givenLog(userJourneys, ...facts).thenRows(row);
    givenLog(userJourneys, ...facts.toReversed()).thenRows(row);
    const early = [reached("registered", LATER), reached("first_login", NOW)].map((fact) => happened("user_journey-ada", fact));
    expect(givenLog(userJourneys, ...early).rows[0]).toMatchObject({ toFirstLoginMs: null });
  });
});

test("the view platform_counters counts by the day, over all domains", () => {
  const none = { deactivations: 0, accounts: 0, failedLogins: 0, tenants: 0, roleChanges: 0, subtitleJobs: 0, videoJobs: 0 };
  const placed = orderEvents.OrderPlaced({ customerId: "ada", items: [], totalCents: 0, currency: "EUR", placedAt: NOW });
  const job = { videoUrl: "https://example.com/a.mp4", videoTitle: "A", language: "he", preferredSources: [] };
  givenLog(
    platformCounters,
    happened("user-ada", userEvents.UserRegistered({ email: "ada@example.com", name: "Ada", registeredAt: NOW })),
    happened("account-ada", accountEvents.LoginSucceeded({ sessionId: "s1", at: NOW })),
    happened("account-ada", accountEvents.LoginSucceeded({ sessionId: "s2", at: NOW })),
    happened("order-o1", placed),
    happened("subtitle-j1", subtitleEvents.DownloadRequested(job), "2026-01-02T00:00:00.000Z"),
  ).thenRows(
    { day: "2026-01-01", registrations: 1, logins: 2, orders: 1, ...none },
    { day: "2026-01-02", registrations: 0, logins: 0, orders: 0, ...none, subtitleJobs: 1 },
  );
});
