import { z } from "zod";
import { categoryOf, type CommandToSend, commandTo, defineHandler, type HandlerContext } from "../../../kernel/index.ts";
import { order } from "../order.ts";
import { payment, paymentEvents } from "../payment.ts";
import { type ChargeAnswer, paymentProvider } from "../payment-provider.ts";

const placed = z.object({ status: z.literal("placed"), customerId: z.string() });

const known = z.object({ customerId: z.string() });
const refunded = z.object({ status: z.literal("refunded"), reference: z.string(), amountCents: z.int(), currency: z.string() });

/**
 * Takes the money that is requested for an order which waits for it, and gives back what is refunded of an order. Other payments are their
 * askers' own business: they may drive them by hand.
 */
export const payments = defineHandler({
  name: "payments",
  events: [paymentEvents],
  on: ["commerce.PaymentRequested", "commerce.PaymentRefunded"],
  priority: "high",
  async handle({ type, id, stream, data }, context) {
    if (categoryOf(stream) !== payment.category) return [];
    if (type === "commerce.PaymentRefunded") return giveBack(id, context);
    if (type !== "commerce.PaymentRequested") return [];
    const waiting = placed.safeParse((await context.state(order.category, id)).state);
    if (!waiting.success) return [];
    const charge = { orderId: id, customerId: waiting.data.customerId, amountCents: data.amountCents, currency: data.currency };
    const answers = [await context.port(paymentProvider).charge(charge, context.key)].flat() as readonly ChargeAnswer[];
    return answers.flatMap((answer) => following(id, answer));
  },
});

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
