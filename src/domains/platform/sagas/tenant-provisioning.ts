import { z } from "zod";
import { commandTo, defineSaga } from "../../../kernel/index.ts";
import { tenant, tenantEvents } from "../tenant.ts";
import { settingsEvents, tenantSettings } from "../tenant-settings.ts";

/** How long (milliseconds) the plan's settings may take. */
const TIME_TO_SETTLE = 5 * 60_000;
const FIRST_LOCATION = { locationId: "main", name: "Main" };
const FLAG = "provisioned";

/**
 * From a tenant that was created to one that can be worked in: with its plan's settings, which their own handler applies, with a first
 * place, and marked as ready. Where that fails nobody is let in.
 */
export const tenantProvisioning = defineSaga({
  name: "tenant-provisioning",
  events: [tenantEvents, settingsEvents],
  aggregates: [tenant, tenantSettings],
  data: z.object({ tenantId: z.string() }),
  startsOn: { "platform.TenantCreated": ({ id }) => ({ tenantId: id }) },
  steps: [
    [
      { name: "settings", awaits: { "platform.DefaultsApplied": () => true }, withinMs: TIME_TO_SETTLE },
      // Whoever was quicker may have called it as they like.
      { name: "location", send: ({ tenantId }) => ({ ...commandTo(tenant, tenantId, "AddLocation", FIRST_LOCATION), accepts: ["location_exists"] }) },
    ],
    {
      name: "ready",
      send: ({ tenantId }) => commandTo(tenant, tenantId, "SetFeatureFlag", { flag: FLAG, enabled: true }),
      compensate: ({ tenantId }) => ({ ...commandTo(tenant, tenantId, "SetFeatureFlag", { flag: FLAG, enabled: false }), accepts: ["no_such_tenant"] }),
    },
  ],
  undone: ({ tenantId }, reason) => ({ ...commandTo(tenant, tenantId, "SuspendTenant", { reason: reason.slice(0, 1000) }), accepts: ["no_such_tenant"] }),
});
