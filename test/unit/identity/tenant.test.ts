import { describe, test } from "vitest";
import { tenant } from "../../../src/identity/tenant.ts";
import { given } from "../../../src/testing/index.ts";

const NOW = "2026-01-01T00:00:00.000Z";
const created = { type: "rivulet.TenantCreated", data: { name: "Acme" } } as const;
const suspended = { type: "rivulet.TenantSuspended", data: { reason: "late", at: NOW } } as const;
const deleted = { type: "rivulet.TenantDeleted", data: {} } as const;
const erased = { type: "rivulet.TenantErased", data: { streams: 2, events: 3 } } as const;
const bounds = { limits: { eventsPerDay: 10 }, isReadOnly: false };

describe("a tenant", () => {
  test("is made once", () => {
    given(tenant).when("Create", { name: "Acme" }).then(created);
    given(tenant, created).when("Create", { name: "Acme" }).thenRejected("tenant_exists");
  });

  test("is suspended and resumed, each once", () => {
    const asSuspended = { name: "Acme", isSuspended: true, reason: "late", since: NOW };
    given(tenant, created).when("Suspend", { reason: "late" }).then(suspended).thenOnce().thenState(asSuspended);
    given(tenant, created, suspended).when("Resume", {}).thenOnce().thenState({ name: "Acme", isSuspended: false });
    given(tenant, created).when("Resume", {}).then();
  });

  test("has bounds, which outlive its suspension", () => {
    const bounded = { type: "rivulet.TenantBounded", data: bounds } as const;
    given(tenant, created).when("Bound", bounds).then(bounded).thenOnce();
    given(tenant, created, bounded, suspended)
      .when("Resume", {})
      .thenState({ name: "Acme", isSuspended: false, ...bounds });
    given(tenant, created).when("Bound", { limits: {}, isReadOnly: false }).then();
  });

  test("is deleted once, where it is suspended, and stays so", () => {
    given(tenant, created).when("Delete", {}).thenRejected("tenant_not_suspended");
    given(tenant, created, suspended).when("Delete", {}).then(deleted).thenOnce();
    given(tenant, created, suspended, deleted).when("NoteErased", { streams: 2, events: 3 }).then(erased).thenOnce();
    for (const gone of [
      [created, suspended, deleted],
      [created, suspended, deleted, erased],
    ]) {
      given(tenant, ...gone)
        .when("Delete", {})
        .then();
      given(tenant, ...gone)
        .when("Create", { name: "Acme" })
        .thenRejected("tenant_exists");
      for (const command of ["Suspend", "Resume"] as const)
        given(tenant, ...gone)
          .when(command, {})
          .thenRejected("tenant_deleted");
      given(tenant, ...gone)
        .when("Bound", bounds)
        .thenRejected("tenant_deleted");
    }
    given(tenant, created).when("NoteErased", { streams: 0, events: 0 }).then();
  });

  test("that nobody made is neither", () => {
    for (const command of ["Suspend", "Resume", "Delete"] as const) given(tenant).when(command, {}).thenRejected("no_such_tenant");
    given(tenant).when("Bound", bounds).thenRejected("no_such_tenant");
  });
});
