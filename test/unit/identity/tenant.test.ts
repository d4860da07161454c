import { describe, test } from "vitest";
import { tenant } from "../../../src/identity/tenant.ts";
import { given } from "../../../src/testing/index.ts";

const created = { type: "rivulet.TenantCreated", data: { name: "Acme" } } as const;
const suspended = { type: "rivulet.TenantSuspended", data: { reason: "late" } } as const;

describe("a tenant", () => {
  test("is made once", () => {
    given(tenant).when("Create", { name: "Acme" }).then(created);
    given(tenant, created).when("Create", { name: "Acme" }).thenRejected("tenant_exists");
  });

  test("is suspended and resumed, each once", () => {
    given(tenant, created).when("Suspend", { reason: "late" }).then(suspended).thenOnce().thenState({ name: "Acme", isSuspended: true, reason: "late" });
    given(tenant, created, suspended).when("Resume", {}).thenOnce().thenState({ name: "Acme", isSuspended: false });
    given(tenant, created).when("Resume", {}).then();
  });

  test("that nobody made is neither", () => {
    for (const command of ["Suspend", "Resume"] as const) given(tenant).when(command, {}).thenRejected("no_such_tenant");
  });
});
