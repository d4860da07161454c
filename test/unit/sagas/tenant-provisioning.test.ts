import { test } from "vitest";
import { settingsEvents, tenant, tenantEvents, tenantProvisioning, tenantSettings } from "../../../src/domains/platform/index.ts";
import { commandTo } from "../../../src/kernel/index.ts";
import { givenSaga, happened } from "../../../src/testing/index.ts";

const created = happened("tenant-acme", tenantEvents.TenantCreated({ name: "Acme", plan: "free" }));
const location = { locationId: "main", name: "Main" };
const settled = happened(
  "tenant_settings-acme",
  settingsEvents.DefaultsApplied({ plan: "free", flags: {}, limits: { users: 3, locations: 1 }, location, version: 1 }),
);
const begun = givenSaga(tenantProvisioning).when(created);
const ready = commandTo(tenantSettings, "acme", "MarkReady", {});
const unready = commandTo(tenantSettings, "acme", "MarkUnready", {});
const suspend = (reason: string) => commandTo(tenant, "acme", "SuspendTenant", { reason });

test("a tenant is ready once it has its plan's settings, whichever came first", () => {
  for (const both of [begun.then().when(settled), givenSaga(tenantProvisioning).when(settled, created)])
    both.then(ready).answers("ready", "done").thenStatus("completed").thenSteps({ settings: "done", ready: "done" }).thenOnce();
});

test("settings that do not come within five minutes suspend the tenant", () => {
  begun
    .thenWaits(300_000)
    .after(300_000)
    .then(suspend("settings waited longer than 300000 ms."))
    .when(settled)
    .answers("(afterwards)", "done")
    .thenStatus("compensated")
    .thenSteps({ settings: "undone", "(afterwards)": "undone" })
    .thenOnce();
});

test("a step that is refused suspends the tenant", () => {
  begun
    .when(settled)
    .answers("ready", { rejected: "stream_closed" })
    .then(unready)
    .answers("ready", "done")
    .then(suspend("tenant_settings MarkReady: stream_closed"));
});

test("one that is cancelled ends when what is on its way has come to its end, and is not ready", () => {
  begun
    .when(settled)
    .cancelled("a mistake")
    .thenStatus("compensating")
    .then(ready)
    .answers("ready", "done")
    .then(unready)
    .answers("ready", "done")
    .then(suspend("a mistake"))
    .answers("(afterwards)", "done")
    .thenStatus("cancelled");
});
