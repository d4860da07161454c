import { STREAM_PURGED } from "../../../../src/kernel/index.ts";
import { describe, expect, test } from "vitest";
import { membership, membershipEvents, memberships, tenant, tenantEvents, tenants, usage } from "../../../../src/domains/platform/index.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";

const at = (day: number, time = "12:00:00.000"): string => `2026-03-0${day}T${time}Z`;
const { TenantCreated, PlanChanged, TenantSuspended, TenantResumed, LocationAdded, FeatureFlagSet } = tenantEvents;
const { RoleAssigned, RoleRemoved } = membershipEvents;
const acme = "tenant-acme";
const created = happened(acme, TenantCreated({ name: "Acme", plan: "free" }), at(1));

describe("tenants", () => {
  const row = { tenantId: "acme", name: "Acme", plan: "free", status: "active", locations: [], flags: {}, createdAt: at(1), updatedAt: at(1) };

  test("shows a tenant as it was created", () => {
    givenLog(tenants, created).thenRows(row);
  });

  test("follows plan, suspension, places and flags", () => {
    givenLog(
      tenants,
      created,
      happened(acme, PlanChanged({ plan: "pro" }), at(2)),
      happened(acme, TenantSuspended({ reason: "unpaid" }), at(3)),
      happened(acme, LocationAdded({ locationId: "l1", name: "Berlin" }), at(4)),
      happened(acme, LocationAdded({ locationId: "l2", name: "Paris" }), at(5)),
      happened(acme, FeatureFlagSet({ flag: "beta", enabled: true }), at(6)),
      happened(acme, FeatureFlagSet({ flag: "old", enabled: true }), at(7)),
      happened(acme, FeatureFlagSet({ flag: "old", enabled: false }), at(8)),
    ).thenRows({
      ...row,
      plan: "pro",
      status: "suspended",
      locations: [
        { locationId: "l1", name: "Berlin" },
        { locationId: "l2", name: "Paris" },
      ],
      flags: { beta: true, old: false },
      updatedAt: at(8),
    });
  });

  test("shows a resumed tenant as active", () => {
    givenLog(tenants, created, happened(acme, TenantSuspended({ reason: "unpaid" }), at(2)), happened(acme, TenantResumed({}), at(3))).thenRows({
      ...row,
      updatedAt: at(3),
    });
  });

  test("keeps tenants apart", () => {
    const other = happened("tenant-other", TenantCreated({ name: "Other", plan: "pro" }), at(2));
    givenLog(tenants, created, other, happened("tenant-other", PlanChanged({ plan: "max" }), at(3))).thenRows(row, {
      ...row,
      tenantId: "other",
      name: "Other",
      plan: "max",
      createdAt: at(2),
      updatedAt: at(3),
    });
  });

  test("has no row for a tenant that was never created", () => {
    const changes = [PlanChanged({ plan: "pro" }), LocationAdded({ locationId: "l1", name: "Berlin" }), FeatureFlagSet({ flag: "beta", enabled: true })];
    givenLog(tenants, ...changes.map((change) => happened(acme, change))).thenRows();
  });
});

describe("memberships", () => {
  const row = { membershipId: "acme:ada", tenantId: "acme", userId: "ada", roles: ["member"] };

  test("shows who has which roles, in the order of their assignment", () => {
    givenLog(
      memberships,
      happened("membership-acme:ada", RoleAssigned({ role: "member" })),
      happened("membership-acme:bob", RoleAssigned({ role: "member" })),
      happened("membership-acme:ada", RoleAssigned({ role: "admin" })),
    ).thenRows({ ...row, roles: ["member", "admin"] }, { ...row, membershipId: "acme:bob", userId: "bob" });
  });

  test("shows those that are left when one is removed", () => {
    givenLog(
      memberships,
      happened("membership-acme:ada", RoleAssigned({ role: "admin" })),
      happened("membership-acme:ada", RoleAssigned({ role: "member" })),
      happened("membership-acme:ada", RoleRemoved({ role: "admin" })),
    ).thenRows(row);
  });

  test("has no row without a role, and has one again with the next", () => {
    const gone = [happened("membership-acme:ada", RoleAssigned({ role: "member" })), happened("membership-acme:ada", RoleRemoved({ role: "member" }))];
    givenLog(memberships, ...gone).thenRows();
    givenLog(memberships, ...gone, happened("membership-acme:ada", RoleAssigned({ role: "member" }))).thenRows(row);
  });

  test("leaves out a stream whose id is not <tenant>:<user>", () => {
    givenLog(memberships, happened("membership-ada", RoleAssigned({ role: "member" }))).thenRows();
  });
});

describe("usage", () => {
  test("counts a tenant's and its memberships' events by day, in UTC", () => {
    givenLog(
      usage,
      happened(acme, TenantCreated({ name: "Acme", plan: "free" }), at(1, "23:59:59.999")),
      happened(acme, PlanChanged({ plan: "pro" }), at(2, "00:00:00.000")),
      happened("membership-acme:ada", RoleAssigned({ role: "member" }), at(2)),
      happened("membership-acme:oidc:bob", RoleAssigned({ role: "member" }), at(2)),
      happened("membership-other:ada", RoleAssigned({ role: "member" }), at(2)),
    ).thenRows(
      { usageId: "acme:2026-03-01", tenantId: "acme", day: "2026-03-01", commands: 1, events: 1, users: 0 },
      { usageId: "acme:2026-03-02", tenantId: "acme", day: "2026-03-02", commands: 3, events: 3, users: 2 },
      { usageId: "other:2026-03-02", tenantId: "other", day: "2026-03-02", commands: 1, events: 1, users: 1 },
    );
  });

  test("counts a user on the day of the first role, and never again", () => {
    givenLog(
      usage,
      happened("membership-acme:ada", RoleAssigned({ role: "member" }), at(1)),
      happened("membership-acme:ada", RoleAssigned({ role: "admin" }), at(1)),
      happened("membership-acme:ada", RoleRemoved({ role: "member" }), at(2)),
      happened("membership-acme:ada", RoleRemoved({ role: "admin" }), at(2)),
      happened("membership-acme:ada", RoleAssigned({ role: "member" }), at(2)),
    ).thenRows(
      { usageId: "acme:2026-03-01", tenantId: "acme", day: "2026-03-01", commands: 2, events: 2, users: 1 },
      { usageId: "acme:2026-03-02", tenantId: "acme", day: "2026-03-02", commands: 3, events: 3, users: 0 },
    );
  });

  test("counts every event of the domain", () => {
    const facts = [
      TenantCreated({ name: "Acme", plan: "free" }),
      PlanChanged({ plan: "pro" }),
      TenantSuspended({ reason: "unpaid" }),
      TenantResumed({}),
      LocationAdded({ locationId: "l1", name: "Berlin" }),
      FeatureFlagSet({ flag: "beta", enabled: true }),
    ];
    const roles = [RoleAssigned({ role: "member" }), RoleRemoved({ role: "member" })];
    expect([...usage.types].toSorted()).toEqual([...tenant.forms.keys(), ...membership.forms.keys(), STREAM_PURGED].toSorted());
    givenLog(usage, ...facts.map((fact) => happened(acme, fact, at(1))), ...roles.map((fact) => happened("membership-acme:ada", fact, at(1)))).thenRows({
      usageId: "acme:2026-03-01",
      tenantId: "acme",
      day: "2026-03-01",
      commands: 8,
      events: 8,
      users: 1,
    });
  });

  test("leaves out a membership's stream whose id is not <tenant>:<user>", () => {
    givenLog(usage, happened("membership-ada", RoleAssigned({ role: "member" }))).thenRows();
  });

  test("may count a command for each event, since every command decides one event at most", () => {
    const data = { name: "n", plan: "p", reason: "r", locationId: "l", flag: "f", enabled: true, role: "r" };
    const context = { now: at(1), id: "acme:ada" };
    const begun = tenant.evolve(tenant.initialState(), created.fact);
    const suspended = tenant.evolve(begun, TenantSuspended({ reason: "unpaid" }));
    const member = membership.evolve(membership.initialState(), RoleAssigned({ role: "r" }));
    const decided = [
      ...[tenant.initialState(), begun, suspended].flatMap((state) =>
        Object.keys(tenant.commands).map((name) => tenant.decide({ name, data }, state, context)),
      ),
      ...[membership.initialState(), member].flatMap((state) =>
        Object.keys(membership.commands).map((name) => membership.decide({ name, data }, state, context)),
      ),
    ].filter((decision) => "length" in decision);
    expect(decided.map(({ length }) => length).toSorted()).toEqual([...Array(3).fill(0), ...Array(11).fill(1)]);
  });
});
