import { z } from "zod";
import { defineDecider, defineEvents } from "../kernel/index.ts";
import { subscriptionEvents } from "./subscription.ts";

/** The category of what is asked of handlers' followers: one small aggregate for each handler, which nobody has to make. */
export const HANDLER_CATEGORY = "rivulet_handler";

// The same events as a subscription's, so that a follower reads both streams alike.
const { DeadLetterRedriven, DeadLettersRedriven, DeadLetterDropped } = subscriptionEvents.$events;
const pause = z.object({ reason: z.string().optional() });

export const handlerEvents = defineEvents("rivulet", {
  DeadLetterRedriven,
  DeadLettersRedriven,
  DeadLetterDropped,
  HandlerPaused: pause,
  HandlerResumed: z.object({}),
});

/** A tenant's handler, as far as people told it something. */
export interface HandlerOperationsState {
  readonly status: "active" | "paused";
  readonly reason?: string;
}

/** What people ask of a handler's follower, as an aggregate: the handler itself stands in the code. */
export const handlerOperations = defineDecider({
  category: HANDLER_CATEGORY,
  events: handlerEvents,
  commands: {
    Pause: pause,
    Resume: z.object({}),
    Redrive: DeadLetterRedriven,
    RedriveAll: DeadLettersRedriven,
    Drop: DeadLetterDropped,
  },
  initialState: (): HandlerOperationsState => ({ status: "active" }),
  evolve: {
    HandlerPaused: (_, { data: { reason } }) => ({ status: "paused", ...(reason !== undefined && { reason }) }),
    HandlerResumed: () => ({ status: "active" }),
    DeadLetterRedriven: (state) => state,
    DeadLettersRedriven: (state) => state,
    DeadLetterDropped: (state) => state,
  },
  decide: {
    Pause: ({ data }, { status }) => (status === "active" ? handlerEvents.HandlerPaused(data) : []),
    // Also where it is active: a follower that stopped by itself begins again.
    Resume: () => handlerEvents.HandlerResumed({}),
    Redrive: ({ data }) => handlerEvents.DeadLetterRedriven(data),
    RedriveAll: ({ data }) => handlerEvents.DeadLettersRedriven(data),
    Drop: ({ data }) => handlerEvents.DeadLetterDropped(data),
  },
});

/** The stream of what is asked of a handler's follower. */
export function handlerStream(name: string): string {
  return `${HANDLER_CATEGORY}-${name}`;
}
