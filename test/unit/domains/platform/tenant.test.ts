import { describe, expect, test } from "vitest";
import { tenant, tenantEvents } from "../../../../src/domains/platform/index.ts";
import { given } from "../../../../src/testing/index.ts";

const acme = { name: "Acme", plan: "free" };
const created = tenantEvents.TenantCreated(acme);
const suspended = tenantEvents.TenantSuspended({ reason: "unpaid" });
const state = { status: "active", created: acme, plan: "free", suspendedFor: null, locations: [], flags: {} } as const;

describe("CreateTenant", () => {
  test("begins a tenant with its plan, once", () => {
    given(tenant).when("CreateTenant", acme).then(created).thenOnce().thenState(state);
  });

  test("is the same command whatever has changed since", () => {
    given(tenant, created, tenantEvents.PlanChanged({ plan: "pro" }), suspended)
      .when("CreateTenant", acme)
      .then();
  });

  test("of another name or plan is rejected", () => {
    given(tenant, created)
      .when("CreateTenant", { ...acme, name: "Other" })
      .thenRejected("already_created");
    given(tenant, created, tenantEvents.PlanChanged({ plan: "pro" }))
      .when("CreateTenant", { ...acme, plan: "pro" })
      .thenRejected("already_created");
  });
});

describe("ChangePlan", () => {
  test("changes the plan, once", () => {
    given(tenant, created)
      .when("ChangePlan", { plan: "pro" })
      .then(tenantEvents.PlanChanged({ plan: "pro" }))
      .thenOnce()
      .thenState({ ...state, plan: "pro" });
  });

  test("to the plan that it has decides nothing", () => {
    given(tenant, created).when("ChangePlan", { plan: "free" }).then();
  });

  test("works for a suspended tenant, which stays suspended", () => {
    given(tenant, created, suspended)
      .when("ChangePlan", { plan: "pro" })
      .then(tenantEvents.PlanChanged({ plan: "pro" }))
      .thenState({ ...state, status: "suspended", suspendedFor: "unpaid", plan: "pro" });
  });
});

describe("SuspendTenant", () => {
  test("suspends, once", () => {
    given(tenant, created)
      .when("SuspendTenant", { reason: "unpaid" })
      .then(suspended)
      .thenOnce()
      .thenState({ ...state, status: "suspended", suspendedFor: "unpaid" });
  });

  test("of a suspended tenant decides nothing, for another reason neither", () => {
    given(tenant, created, suspended).when("SuspendTenant", { reason: "abuse" }).then();
  });
});

describe("ResumeTenant", () => {
  test("ends the suspension, once", () => {
    given(tenant, created, suspended).when("ResumeTenant", {}).then(tenantEvents.TenantResumed({})).thenOnce().thenState(state);
  });

  test("of an active tenant decides nothing", () => {
    given(tenant, created).when("ResumeTenant", {}).then();
  });
});

describe("AddLocation", () => {
  const berlin = { locationId: "l1", name: "Berlin" };
  const added = tenantEvents.LocationAdded(berlin);

  test("adds a place, once", () => {
    given(tenant, created)
      .when("AddLocation", berlin)
      .then(added)
      .thenOnce()
      .thenState({ ...state, locations: [berlin] });
  });

  test("adds another beside it, perhaps of the same name", () => {
    given(tenant, created, added)
      .when("AddLocation", { ...berlin, locationId: "l2" })
      .then(tenantEvents.LocationAdded({ ...berlin, locationId: "l2" }));
  });

  test("of a known id with another name is rejected", () => {
    given(tenant, created, added)
      .when("AddLocation", { ...berlin, name: "Paris" })
      .thenRejected("location_exists");
  });
});

describe("SetFeatureFlag", () => {
  const on = { flag: "beta", enabled: true };
  const off = { flag: "beta", enabled: false };

  test("switches on, once", () => {
    given(tenant, created)
      .when("SetFeatureFlag", on)
      .then(tenantEvents.FeatureFlagSet(on))
      .thenOnce()
      .thenState({ ...state, flags: { beta: true } });
  });

  test("switches off, once", () => {
    given(tenant, created, tenantEvents.FeatureFlagSet(on))
      .when("SetFeatureFlag", off)
      .then(tenantEvents.FeatureFlagSet(off))
      .thenOnce()
      .thenState({ ...state, flags: { beta: false } });
  });

  test("says that a flag is off which was never set, once", () => {
    given(tenant, created).when("SetFeatureFlag", off).then(tenantEvents.FeatureFlagSet(off)).thenOnce();
  });

  test.each(["__proto__", "constructor", "toString"])("takes %s for a flag as any other", (flag) => {
    given(tenant, created)
      .when("SetFeatureFlag", { flag, enabled: true })
      .then(tenantEvents.FeatureFlagSet({ flag, enabled: true }))
      .thenOnce();
  });
});

test.each([
  ["ChangePlan", { plan: "pro" }],
  ["SuspendTenant", { reason: "unpaid" }],
  ["ResumeTenant", {}],
  ["AddLocation", { locationId: "l1", name: "Berlin" }],
  ["SetFeatureFlag", { flag: "beta", enabled: true }],
] as const)("%s before a tenant is created is rejected as no_such_tenant", (name, data) => {
  given(tenant).when(name, data).thenRejected("no_such_tenant");
});

test("data without a name, a plan, a reason or a flag's name does not match its schema", () => {
  const { CreateTenant, ChangePlan, SuspendTenant, AddLocation, SetFeatureFlag } = tenant.commands;
  expect(CreateTenant?.safeParse({ name: "", plan: "free" }).success).toBe(false);
  expect(ChangePlan?.safeParse({ plan: "" }).success).toBe(false);
  expect(SuspendTenant?.safeParse({}).success).toBe(false);
  expect(AddLocation?.safeParse({ name: "Berlin" }).success).toBe(false);
  expect(SetFeatureFlag?.safeParse({ flag: "two words", enabled: true }).success).toBe(false);
});
