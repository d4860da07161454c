import { test } from "vitest";
import { settingsEvents, tenant, tenantEvents, tenantProvisioning } from "../../../src/domains/platform/index.ts";
import { commandTo } from "../../../src/kernel/index.ts";
import { givenSaga, happened } from "../../../src/testing/index.ts";

const created = happened("tenant-acme", tenantEvents.TenantCreated({ name: "Acme", plan: "free" }));
const location = { locationId: "main", name: "Main" };
const settled = happened(
  "tenant_settings-acme",
  settingsEvents.DefaultsApplied({ plan: "free", flags: {}, limits: { users: 3, locations: 1 }, location, version: 1 }),
);
const begun = givenSaga(tenantProvisioning).when(created);
const flag = (enabled: boolean) => commandTo(tenant, "acme", "SetFeatureFlag", { flag: "provisioned", enabled });
const suspend = (reason: string) => commandTo(tenant, "acme", "SuspendTenant", { reason });

test("a tenant gets its settings and a place, in either order, and is ready then", () => {
  const first = begun.then(commandTo(tenant, "acme", "AddLocation", location));
  const done = { settings: "done", location: "done", ready: "done" } as const;
  for (const both of [
    first.when(settled).thenSteps({ settings: "done", location: "running" }).answers("location", "done"),
    first.answers("location", { rejected: "location_exists" }).thenSteps({ settings: "running", location: "done" }).when(settled),
    givenSaga(tenantProvisioning).when(settled, created).answers("location", "done"),
  ])
    both.then(flag(true)).answers("ready", "done").thenStatus("completed").thenSteps(done).thenOnce();
});

test("settings that do not come within five minutes suspend the tenant", () => {
  begun
    .answers("location", "done")
    .thenWaits(300_000)
    .after(300_000)
    .then(suspend("settings waited longer than 300000 ms."))
    .when(settled)
    .answers("(afterwards)", "done")
    .thenStatus("compensated")
    .thenSteps({ settings: "undone", location: "undone", "(afterwards)": "undone" })
    .thenOnce();
});

test("a step that is refused suspends the tenant", () => {
  begun.answers("location", { rejected: "stream_closed" }).then(suspend("tenant AddLocation: stream_closed"));
  begun
    .when(settled)
    .answers("location", "done")
    .answers("ready", { rejected: "stream_closed" })
    .then(flag(false))
    .answers("ready", "done")
    .then(suspend("tenant SetFeatureFlag: stream_closed"));
});

test("one that is cancelled takes back what it said", () => {
  begun
    .when(settled)
    .answers("location", "done")
    .cancelled("a mistake")
    .thenStatus("compensating")
    .then(flag(true))
    .answers("ready", "done")
    .then(flag(false))
    .answers("ready", "done")
    .then(suspend("a mistake"))
    .answers("(afterwards)", "done")
    .thenStatus("cancelled");
});
