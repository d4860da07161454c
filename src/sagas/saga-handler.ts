import { type Handler, retryPolicy, type Saga } from "../kernel/index.ts";
import { factKey } from "./saga-decider.ts";

/** How a saga hears of events: a handler that tells each instance what came for it. One that is off tells only those that somebody has started. */
export function sagaHandler(saga: Saga): Handler {
  return {
    name: `saga-${saga.name}`,
    on: saga.types,
    priority: "high",
    concurrency: 6,
    timeoutMs: 15_000,
    retry: retryPolicy.parse({}),
    from: "now",
    async handle(event, { tenant, state }) {
      const fact = saga.fact(tenant, event);
      const id = fact && saga.correlate(fact);
      if (fact === undefined || id === undefined) return [];
      if (saga.isOff && (await state(saga.category, id)).version === 0) return [];
      return [{ category: saga.category, id, command: "Receive", data: { key: factKey(event), fact } }];
    },
  };
}
