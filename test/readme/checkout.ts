import { z } from "zod";
import { inventory, payment, paymentEvents } from "../../src/domains/commerce/index.ts";
import { commandTo, defineSaga, failed } from "../../src/kernel/index.ts";
import { cart, cartEvents } from "./cart.ts";

export const checkout = defineSaga({
  name: "checkout",
  events: [cartEvents, paymentEvents],
  aggregates: [cart, payment],
  data: z.object({ id: z.string(), total: z.int() }),
  startsOn: { "cart.CheckedOut": ({ id, data: { total } }) => ({ id, total }) },
  steps: [
    {
      name: "gift",
      when: ({ total }) => total >= 5_000,
      send: ({ id }) => commandTo(inventory, "mug", "Reserve", { orderId: id, quantity: 1 }),
      compensate: ({ id }) => commandTo(inventory, "mug", "Release", { orderId: id }),
    },
    {
      name: "payment",
      send: ({ id, total }) => commandTo(payment, id, "RequestPayment", { amountCents: total, currency: "EUR" }),
      awaits: { "commerce.PaymentCaptured": () => true, "commerce.PaymentFailed": (_, { data }) => failed(data.reason) },
      withinMs: 15 * 60_000,
      compensate: ({ id }) => ({ ...commandTo(payment, id, "FailPayment", { reason: "It took too long." }), accepts: ["no_such_payment"] }),
    },
    { name: "parcel", send: ({ id }) => commandTo(inventory, "mug", "Commit", { orderId: id }) },
  ],
});
