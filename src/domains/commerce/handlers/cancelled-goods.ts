import { z } from "zod";
import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { sku } from "../goods.ts";
import { inventory } from "../inventory.ts";
import { order, orderEvents } from "../order.ts";

const ordered = z.object({ items: z.array(z.object({ sku })) });

/**
 * Brings back into stock what an order holds that is cancelled, also where its fulfilment is through: only what has not been shipped can
 * be cancelled, so its goods are still in the house. What was shipped comes back by hand, with `Return`.
 */
export const cancelledGoods = defineHandler({
  name: "cancelled-goods",
  events: [orderEvents],
  on: ["commerce.OrderCancelled"],
  priority: "high",
  async handle({ id, stream }, context) {
    if (categoryOf(stream) !== order.category) return [];
    // Events that were imported may lack the first one, which says what it is of.
    const { data } = ordered.safeParse((await context.state(order.category, id)).state);
    const skus = new Set(data?.items.map(({ sku }) => sku));
    return [...skus].map((sku) => commandTo(inventory, sku, "TakeBack", { orderId: id }));
  },
});
