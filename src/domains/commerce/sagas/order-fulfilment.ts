import { z } from "zod";
import { commandTo, defineSaga, failed } from "../../../kernel/index.ts";
import { orderId, sku } from "../goods.ts";
import { inventory } from "../inventory.ts";
import { cents, currency } from "../money.ts";
import { order, orderEvents } from "../order.ts";
import { payment, paymentEvents } from "../payment.ts";

const goods = z.array(z.object({ sku, quantity: z.int().min(1) }));

/** How long (milliseconds) the payment may take. */
const TIME_TO_PAY = 15 * 60_000;

/** From an order that was placed to goods that may leave: stock, money, confirmation; or none of it. */
export const orderFulfilment = defineSaga({
  name: "order-fulfilment",
  events: [orderEvents, paymentEvents],
  aggregates: [order, payment],
  data: z.object({ orderId, totalCents: cents, currency, goods }),
  idOf: ({ orderId }) => orderId,
  startsOn: {
    "commerce.OrderPlaced": ({ id, data: { items, totalCents, currency } }) => ({ orderId: id, totalCents, currency, goods: perSku(items) }),
  },
  steps: [
    {
      name: "reserve",
      send: ({ orderId, goods }) => goods.map(({ sku, quantity }) => commandTo(inventory, sku, "Reserve", { orderId, quantity })),
      compensate: ({ orderId, goods }) => goods.map(({ sku }) => commandTo(inventory, sku, "Release", { orderId })),
    },
    {
      name: "payment",
      send: ({ orderId, totalCents, currency }) => commandTo(payment, orderId, "RequestPayment", { amountCents: totalCents, currency }),
      awaits: {
        "commerce.PaymentCaptured": () => true,
        "commerce.PaymentFailed": (_, { data }) => failed(data.reason),
      },
      withinMs: TIME_TO_PAY,
      // Whether the money is still on its way or there already: in the end it is not ours.
      compensate: ({ orderId }) => [
        { ...commandTo(payment, orderId, "FailPayment", { reason: "The order is not fulfilled." }), accepts: ["already_captured", "no_such_payment"] },
        { ...commandTo(payment, orderId, "RefundPayment", { reason: "The order is not fulfilled." }), accepts: ["not_captured"] },
      ],
    },
    { name: "confirm", send: ({ orderId }) => commandTo(order, orderId, "ConfirmOrder", {}) },
    {
      name: "commit",
      send: ({ orderId, goods }) => goods.map(({ sku }) => commandTo(inventory, sku, "Commit", { orderId })),
      compensate: ({ orderId, goods }) => goods.map(({ sku }) => commandTo(inventory, sku, "Return", { orderId })),
    },
  ],
  // Shipped by hand meanwhile, it stays shipped; started by hand, there may be none.
  undone: ({ orderId }, reason) => ({ ...commandTo(order, orderId, "CancelOrder", { reason: reason.slice(0, 1000) }), accepts: ["too_late", "no_such_order"] }),
});

/** An order may have one sku in several lines; stock is reserved once for each. */
function perSku(items: z.output<typeof goods>): z.output<typeof goods> {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
}
