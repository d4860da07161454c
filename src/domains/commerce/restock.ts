import { z } from "zod";
import { defineDecider, defineEvents } from "../../kernel/index.ts";
import { isLow } from "./inventory.ts";

const stock = z.object({
  available: z.int(),
  /** Null where nobody set one: then nothing is ever low. */
  threshold: z.int().nullable(),
  /** Of the inventory: what is older than the last that was looked at tells nothing. */
  version: z.int().min(1),
});
const raised = stock.extend({ threshold: z.int(), suggestedQuantity: z.int().min(1) });

/** When a sku runs short, and when that is over. */
export const restockEvents = defineEvents("commerce", { LowStockAlertRaised: raised, LowStockAlertCleared: stock });

/** Whether somebody ought to order more. */
export interface RestockState {
  readonly isRaised: boolean;
  readonly version: number;
}

/** The low-stock alert of one sku, which is its id: raised once, until there is enough again. */
export const restock = defineDecider({
  category: "restock",
  events: restockEvents,
  commands: { Assess: stock },
  initialState: (): RestockState => ({ isRaised: false, version: 0 }),
  evolve: {
    LowStockAlertRaised: (_, { data }) => ({ isRaised: true, version: data.version }),
    LowStockAlertCleared: (_, { data }) => ({ isRaised: false, version: data.version }),
  },
  decide: {
    Assess({ data }, { isRaised, version }) {
      const { available, threshold } = data;
      if (data.version <= version || isLow(available, threshold) === isRaised) return [];
      if (threshold === null || isRaised) return restockEvents.LowStockAlertCleared(data);
      return restockEvents.LowStockAlertRaised({ ...data, threshold, suggestedQuantity: suggested(available, threshold) });
    },
  },
});

/** What brings the stock to twice its threshold; one piece at least above it. */
function suggested(available: number, threshold: number): number {
  return Math.max(2 * threshold, threshold + 1) - available;
}
