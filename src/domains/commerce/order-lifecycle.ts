import { z } from "zod";
import { defineDecider, defineEvents, event } from "../../kernel/index.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The steps that an order takes, and how long (milliseconds) each may take after the one before it until it counts as late. */
const EXPECTED_MS = { placed: undefined, confirmed: 60 * MINUTE, shipped: 2 * DAY, delivered: 7 * DAY, cancelled: undefined } as const;
type Step = keyof typeof EXPECTED_MS;
const step = z.enum(Object.keys(EXPECTED_MS) as Step[]);
const at = z.iso.datetime();

/** How long an order took. Times are milliseconds, null where what they are counted from is not known. */
export const orderLifecycleEvents = defineEvents("commerce", {
  StepReached: event(z.object({ step, at, sincePlacedMs: z.int().nullable(), sincePreviousMs: z.int().nullable() }), {
    type: "commerce.lifecycle.StepReached",
  }),
  OrderDelayed: z.object({ step, tookMs: z.int(), expectedMs: z.int(), at }),
});

/** When each step was reached, in the order in which they were. */
export interface OrderLifecycleState {
  readonly reached: readonly { readonly step: Step; readonly at: string }[];
}

/** The clock beside an order; its id is the order's. An order takes each step once, so a second time is a repeat. */
export const orderLifecycle = defineDecider({
  category: "order_lifecycle",
  events: orderLifecycleEvents,
  commands: { ReachStep: z.object({ step, at }) },
  initialState: (): OrderLifecycleState => ({ reached: [] }),
  evolve: {
    StepReached: ({ reached }, { data: { step, at } }) => ({ reached: [...reached, { step, at }] }),
    OrderDelayed: (state) => state,
  },
  decide: {
    ReachStep({ data: { step, at } }, { reached }) {
      if (reached.some((earlier) => earlier.step === step)) return [];
      const placed = reached.find((earlier) => earlier.step === "placed");
      const sincePreviousMs = since(reached.at(-1), at);
      const fact = orderLifecycleEvents.StepReached({ step, at, sincePlacedMs: since(placed, at), sincePreviousMs });
      const expectedMs = EXPECTED_MS[step];
      if (expectedMs === undefined || sincePreviousMs === null || sincePreviousMs <= expectedMs) return fact;
      return [fact, orderLifecycleEvents.OrderDelayed({ step, tookMs: sincePreviousMs, expectedMs, at })];
    },
  },
});

function since(earlier: { readonly at: string } | undefined, at: string): number | null {
  return earlier === undefined ? null : Math.max(0, Date.parse(at) - Date.parse(earlier.at));
}
