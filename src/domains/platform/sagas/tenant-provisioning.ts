import { z } from "zod";
import { commandTo, defineSaga } from "../../../kernel/index.ts";
import { tenant, tenantEvents } from "../tenant.ts";
import { settingsEvents, tenantSettings } from "../tenant-settings.ts";

/** How long (milliseconds) the plan's settings may take. */
const TIME_TO_SETTLE = 5 * 60_000;

/** From a tenant that was created to one that can be worked in: with its plan's settings, which their own handler applies. Where they do not come nobody is let in. */
export const tenantProvisioning = defineSaga({
  name: "tenant-provisioning",
  events: [tenantEvents, settingsEvents],
  aggregates: [tenant, tenantSettings],
  data: z.object({ tenantId: z.string() }),
  idOf: ({ tenantId }) => tenantId,
  startsOn: { "platform.TenantCreated": ({ id }) => ({ tenantId: id }) },
  steps: [
    { name: "settings", awaits: { "platform.DefaultsApplied": () => true }, withinMs: TIME_TO_SETTLE },
    {
      name: "ready",
      send: ({ tenantId }) => commandTo(tenantSettings, tenantId, "MarkReady", {}),
      // Cancelled while it is being said, it would be ready and suspended.
      compensate: ({ tenantId }) => commandTo(tenantSettings, tenantId, "MarkUnready", {}),
    },
  ],
  undone: ({ tenantId }, reason) => ({ ...commandTo(tenant, tenantId, "SuspendTenant", { reason: reason.slice(0, 1000) }), accepts: ["no_such_tenant"] }),
});
