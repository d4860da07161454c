import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { order, orderEvents } from "../order.ts";
import { orderLifecycle } from "../order-lifecycle.ts";

const STEPS = {
  "commerce.OrderPlaced": "placed",
  "commerce.OrderConfirmed": "confirmed",
  "commerce.OrderShipped": "shipped",
  "commerce.OrderDelivered": "delivered",
  "commerce.OrderCancelled": "cancelled",
} as const;

/** Takes the time of each step of an order, and notices those that took too long. */
export const orderLifecycleHandler = defineHandler({
  name: "order-lifecycle",
  events: [orderEvents],
  on: Object.keys(STEPS),
  priority: "high",
  concurrency: 10,
  from: "beginning",
  handle({ type, id, stream, recorded }) {
    return categoryOf(stream) === order.category ? [commandTo(orderLifecycle, id, "ReachStep", { step: STEPS[type], at: recorded })] : [];
  },
});
