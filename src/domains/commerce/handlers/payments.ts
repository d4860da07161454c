import { z } from "zod";
import { categoryOf, type CommandToSend, commandTo, defineHandler } from "../../../kernel/index.ts";
import { order } from "../order.ts";
import { payment, paymentEvents } from "../payment.ts";
import { type ChargeAnswer, paymentProvider } from "../payment-provider.ts";

const placed = z.object({ status: z.literal("placed"), customerId: z.string() });

/** Takes the money that is requested for an order which waits for it. Other payments are their askers' own business: they may drive them by hand. */
export const payments = defineHandler({
  name: "payments",
  events: [paymentEvents],
  on: ["commerce.PaymentRequested"],
  priority: "high",
  async handle({ type, id, stream, data }, context) {
    if (type !== "commerce.PaymentRequested" || categoryOf(stream) !== payment.category) return [];
    const known = placed.safeParse((await context.state(order.category, id)).state);
    if (!known.success) return [];
    const charge = { orderId: id, customerId: known.data.customerId, amountCents: data.amountCents, currency: data.currency };
    const answers = [await context.port(paymentProvider).charge(charge, context.key)].flat() as readonly ChargeAnswer[];
    return answers.flatMap((answer) => following(id, answer));
  },
});

function following(id: string, answer: ChargeAnswer): readonly CommandToSend[] {
  if (answer.outcome === "captured") return [commandTo(payment, id, "CapturePayment", { reference: answer.reference })];
  return answer.outcome === "declined" ? [commandTo(payment, id, "FailPayment", { reason: answer.reason })] : [];
}
