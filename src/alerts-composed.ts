import type { AlertPorts } from "../durable-objects/alerts/contract.ts";
import type { Executed, Refusal } from "../durable-objects/aggregate/contract.ts";
import { objectFor, type ObjectNamespaces } from "../durable-objects/object-for.ts";
import { ALERTING_STREAM, type AlertingState } from "./alerts/alerting.ts";
import { within } from "./deadline.ts";
import { uuid7 } from "./kernel/index.ts";
import { continueTrace, traceparentOf } from "./tracing/trace-context.ts";

/** Milliseconds between two evaluations of a tenant's alert rules. */
export const EVALUATE_EVERY = 15_000;
/** What an answer of another part may take (milliseconds). */
const MOST_TIME = 10_000;

/** What the evaluation of alert rules is made of. */
export interface AlertsGiven {
  readonly env: ObjectNamespaces & { readonly ALERT_EVERY_MS?: string };
  readonly figures: AlertPorts["figures"];
  readonly now: () => number;
}

/** What the evaluation of a tenant's alert rules reaches. */
export function alertPorts({ env, figures, now }: AlertsGiven): AlertPorts {
  return {
    async alerting(tenant) {
      const { state } = await within(MOST_TIME, ALERTING_STREAM, objectFor(env, tenant, ALERTING_STREAM).state());
      return JSON.parse(state) as AlertingState;
    },
    figures,
    async tell(tenant, command) {
      const metadata = {
        correlationId: uuid7(now()),
        priority: "high",
        traceparent: traceparentOf(continueTrace(undefined)),
        actor: "platform",
      } as const;
      const telling = objectFor(env, tenant, ALERTING_STREAM).execute({ command, precondition: { kind: "none" }, source: "/v1/alerts", metadata });
      const told = (await within(MOST_TIME, ALERTING_STREAM, telling as Promise<Executed | Refusal>)) satisfies Executed | Refusal;
      if (!told.ok) throw new Error(`expected ${command.name} to be taken, got ${told.code}`);
    },
    every: Number(env.ALERT_EVERY_MS ?? EVALUATE_EVERY),
    now,
  };
}
