import { z } from "zod";
import { categoryOf, type CommandToSend, commandTo, defineHandler, type HandlerContext } from "../../../kernel/index.ts";
import { order, orderEvents } from "../order.ts";
import { payment, paymentEvents } from "../payment.ts";
import { type Charge, type ChargeAnswer, paymentProvider } from "../payment-provider.ts";

const known = z.object({ status: z.string(), customerId: z.string() });
const uncaptured = z.object({ status: z.enum(["requested", "failed"]) });
const refunded = z.object({ status: z.literal("refunded"), reference: z.string(), amountCents: z.int(), currency: z.string() });
const BECAUSE = { reason: "The order is cancelled." };

/**
 * Takes the money that is requested for an order which waits for it, and gives back what is refunded of an order; one that is cancelled
 * keeps none. Other payments are their askers' own business: they may drive them by hand.
 */
export const payments = defineHandler({
  name: "payments",
  events: [paymentEvents, orderEvents],
  on: ["commerce.PaymentRequested", "commerce.PaymentRefunded", "commerce.OrderCancelled"],
  priority: "high",
  async handle({ type, id, stream, data }, context) {
    // Also where its saga is over: money is not kept for goods that nobody gets.
    if (type === "commerce.OrderCancelled" && categoryOf(stream) === order.category)
      return [commandTo(payment, id, "FailPayment", BECAUSE), commandTo(payment, id, "RefundPayment", BECAUSE)];
    if (categoryOf(stream) !== payment.category) return [];
    if (type === "commerce.PaymentRefunded") return giveBack(id, context);
    if (type !== "commerce.PaymentRequested") return [];
    const of = known.safeParse((await context.state(order.category, id)).state);
    if (!of.success) return [];
    const charge = { orderId: id, customerId: of.data.customerId, amountCents: data.amountCents, currency: data.currency };
    if (of.data.status === "cancelled") return cancel(charge, context);
    if (of.data.status !== "placed") return [];
    const answers = [await context.port(paymentProvider).charge(charge, context.key)].flat() as readonly ChargeAnswer[];
    return answers.flatMap((answer) => following(id, answer));
  },
});

/** An attempt before may have taken the money without anybody hearing of it; only the provider knows. */
async function cancel(charge: Charge, context: HandlerContext): Promise<readonly CommandToSend[]> {
  if (!uncaptured.safeParse((await context.state(payment.category, charge.orderId)).state).success) return [];
  await context.port(paymentProvider).cancel(charge, context.key);
  return [commandTo(payment, charge.orderId, "FailPayment", BECAUSE)];
}

async function giveBack(orderId: string, context: HandlerContext): Promise<readonly CommandToSend[]> {
  const { success: isOrder } = known.safeParse((await context.state(order.category, orderId)).state);
  const found = refunded.safeParse((await context.state(payment.category, orderId)).state);
  if (!isOrder || !found.success) return [];
  const { reference, amountCents, currency } = found.data;
  await context.port(paymentProvider).refund({ orderId, reference, amountCents, currency }, context.key);
  return [];
}

function following(id: string, answer: ChargeAnswer): readonly CommandToSend[] {
  if (answer.outcome === "captured") return [commandTo(payment, id, "CapturePayment", { reference: answer.reference })];
  return answer.outcome === "declined" ? [commandTo(payment, id, "FailPayment", { reason: answer.reason })] : [];
}
