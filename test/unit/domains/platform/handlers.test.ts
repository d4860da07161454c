import { describe, expect, test } from "vitest";
import { accountEvents } from "../../../../src/domains/auth/index.ts";
import { orderEvents } from "../../../../src/domains/commerce/index.ts";
import {
  journeyEvents,
  membershipEvents,
  platformAnalytics,
  roleManagement,
  tenantEvents,
  tenantLifecycle,
  tenantRoles,
  tenantSettings,
  userJourney,
} from "../../../../src/domains/platform/index.ts";
import { userEvents } from "../../../../src/domains/users/index.ts";
import { commandTo, type NewFact } from "../../../../src/kernel/index.ts";
import { aggregate, givenHandler, happened } from "../../../../src/testing/index.ts";

const NOW = "2026-01-01T00:00:00.000Z";
const deciders = [tenantRoles, tenantSettings, userJourney];
const created = tenantEvents.TenantCreated({ name: "Acme", plan: "free" });

test("the three handlers of platform have the priorities and the concurrency that they were asked for", () => {
  const told = [tenantLifecycle, roleManagement, platformAnalytics].map(({ name, priority, concurrency }) => [name, priority, concurrency]);
  expect(told).toEqual([
    ["tenant-lifecycle", "critical", 1],
    ["role-management", "high", 1],
    ["platform-analytics", "low", 10],
  ]);
});

describe("tenant-lifecycle", () => {
  test("gives a tenant what its plan gives, and closes it while it is suspended", async () => {
    const facts = [
      created,
      tenantEvents.PlanChanged({ plan: "enterprise" }),
      tenantEvents.TenantSuspended({ reason: "unpaid" }),
      tenantEvents.TenantResumed({}),
    ];
    await givenHandler(tenantLifecycle, { deciders })
      .when(...facts.map((fact) => happened("tenant-acme", fact)))
      .thenOnce(
        commandTo(tenantSettings, "acme", "ApplyPlan", { plan: "free", version: 1 }),
        commandTo(tenantSettings, "acme", "ApplyPlan", { plan: "enterprise", version: 2 }),
        commandTo(tenantSettings, "acme", "CloseAccess", { reason: "unpaid", version: 3 }),
        commandTo(tenantSettings, "acme", "OpenAccess", { version: 4 }),
      );
  });

  test("does not believe what stands in a stream of somebody else's", async () => {
    await givenHandler(tenantLifecycle).when(happened("note-acme", created)).then();
  });
});

describe("role-management", () => {
  const assigned = (role: string) => membershipEvents.RoleAssigned({ role });
  const removed = (role: string) => membershipEvents.RoleRemoved({ role });

  test("follows who is owner or admin, and nobody else", async () => {
    const noted = (role: "owner" | "admin", held: boolean, version: number) =>
      commandTo(tenantRoles, "acme", "NoteRole", { userId: "ada", role, held, by: "test", version, at: NOW });
    await givenHandler(roleManagement, { deciders })
      .when(...[assigned("member"), assigned("owner"), assigned("admin"), removed("owner")].map((fact) => happened("membership-acme:ada", fact)))
      .thenOnce(noted("owner", true, 2), noted("admin", true, 3), noted("owner", false, 4));
  });

  test.each(["membership-ada", "membership-.:ada", "note-acme:ada"])("makes nothing of %s", async (stream) => {
    await givenHandler(roleManagement)
      .when(happened(stream, assigned("owner")))
      .then();
  });
});

describe("platform-analytics", () => {
  const registered = userEvents.UserRegistered({ email: "ada@example.com", name: "Ada", registeredAt: NOW });
  const placed = (customerId: string) => orderEvents.OrderPlaced({ customerId, items: [], totalCents: 0, currency: "EUR", placedAt: NOW });
  const told: readonly (readonly [milestone: string, stream: string, fact: NewFact])[] = [
    ["registered", "user-ada", registered],
    ["left", "user-ada", userEvents.UserDeactivated({ reason: "moved" })],
    ["account", "account-ada", accountEvents.Registered({ email: "ada@example.com", passwordHash: "h", at: NOW })],
    ["first_login", "account-ada", accountEvents.LoginSucceeded({ sessionId: "s1", at: NOW })],
    ["first_role", "membership-acme:ada", membershipEvents.RoleAssigned({ role: "member" })],
    ["first_order", "order-o1", placed("ada")],
  ];

  test.each(told)("follows a user's way: %s", async (milestone, stream, fact) => {
    const reach = { category: "user_journey", id: "ada", command: "Reach", data: { milestone, at: NOW } };
    await givenHandler(platformAnalytics, { deciders }).when(happened(stream, fact)).thenOnce(reach);
  });

  test.each(told)("sends nothing for what was reached before: %s", async (milestone, stream, fact) => {
    const found = [aggregate(userJourney, "ada", journeyEvents.MilestoneReached({ milestone: milestone as "registered", at: NOW }))];
    await givenHandler(platformAnalytics, { found }).when(happened(stream, fact)).then();
  });

  test.each(told)("does not believe it in a stream of somebody else's: %s", async (_, __, fact) => {
    await givenHandler(platformAnalytics).when(happened("note-ada", fact)).then();
  });

  test.each(["Ann & Bob", "..", "a/b", ""])("knows that the customer %j is no user", async (customerId) => {
    await givenHandler(platformAnalytics)
      .when(happened("order-o1", placed(customerId)))
      .then();
  });
});
