import { z } from "zod";
import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { inventory, inventoryEvents } from "../inventory.ts";
import { restock } from "../restock.ts";

const stock = z.object({ available: z.int(), threshold: z.int().nullish() });

/**
 * Raises the alert of a sku that runs short, and takes it back. What falls is told by LowStockReached; what rises, or is measured anew, is
 * looked at as it stands by now, since one event knows only the difference. Stock itself is moved by those who sell.
 */
export const inventoryHandler = defineHandler({
  name: "inventory",
  events: [inventoryEvents],
  on: [
    "commerce.LowStockReached",
    "commerce.LowStockThresholdSet",
    "commerce.StockReceived",
    "commerce.StockReleased",
    "commerce.StockReturned",
    "commerce.StockAdjusted",
  ],
  priority: "high",
  concurrency: 1,
  from: "beginning",
  async handle({ id, stream }, context) {
    if (categoryOf(stream) !== inventory.category) return [];
    const { state, version } = await context.state(inventory.category, id);
    const { available, threshold = null } = stock.parse(state);
    return [commandTo(restock, id, "Assess", { available, threshold, version })];
  },
});
