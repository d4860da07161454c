import { z } from "zod";
import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { customer, customerRecordId } from "../customer.ts";
import { currency } from "../money.ts";
import { order, orderEvents } from "../order.ts";

/** What an order is of, which never changes: only its first event says so. */
const placedOrder = z.object({ customerId: z.string(), totalCents: z.int(), currency });

/** Brings each order to its customer, for what no view can add up: the later events of an order do not say whose it is. */
export const commerceAnalytics = defineHandler({
  name: "commerce-analytics",
  events: [orderEvents],
  on: ["commerce.OrderPlaced", "commerce.OrderDelivered", "commerce.OrderCancelled"],
  priority: "low",
  concurrency: 5,
  from: "beginning",
  async handle({ type, id, stream, recorded, data }, context) {
    if (categoryOf(stream) !== order.category) return [];
    const placed = placedOrder.safeParse(type === "commerce.OrderPlaced" ? data : (await context.state(order.category, id)).state);
    // Events that were imported may lack the first one.
    if (!placed.success) return [];
    const outcome = type === "commerce.OrderPlaced" ? "placed" : type === "commerce.OrderDelivered" ? "delivered" : "cancelled";
    return [commandTo(customer, customerRecordId(placed.data.customerId), "NoteOrder", { ...placed.data, orderId: id, outcome, at: recorded })];
  },
});
