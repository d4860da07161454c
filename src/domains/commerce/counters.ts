import { defineCounter } from "../../kernel/index.ts";
import { DEFAULT_CURRENCY } from "./money.ts";
import { orderEvents } from "./order.ts";

/** Orders that were placed. */
export const ordersPlaced = defineCounter({ name: "commerce_orders_placed", events: [orderEvents], on: { "commerce.OrderPlaced": 1 } });

/** Orders that were cancelled. */
export const ordersCancelled = defineCounter({ name: "commerce_orders_cancelled", events: [orderEvents], on: { "commerce.OrderCancelled": 1 } });

/** What was ordered, in cents of the usual currency: cents of two currencies are never added up. */
export const orderedCents = defineCounter({
  name: "commerce_ordered_cents",
  events: [orderEvents],
  on: { "commerce.OrderPlaced": ({ data: { totalCents, currency } }) => (currency === DEFAULT_CURRENCY ? totalCents : 0) },
});
