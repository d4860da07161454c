import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../kernel/index.ts";
import { reason } from "./goods.ts";
import { cents, currency, DEFAULT_CURRENCY } from "./money.ts";

const requested = z.object({ amountCents: cents, currency });
const reference = z.string().min(1).max(200);

/** What happens to the payment of an order. */
export const paymentEvents = defineEvents("commerce", {
  PaymentRequested: requested,
  PaymentCaptured: z.object({ reference }),
  PaymentFailed: z.object({ reason }),
  PaymentRefunded: z.object({ reason }),
});

/** The payment of an order; after a failure it may be requested anew, and money that comes all the same is given back at once. */
export interface Payment extends Partial<z.output<typeof requested>> {
  readonly status: "none" | "requested" | "captured" | "failed" | "refunded";
  /** The payment provider's own, once the money is there. */
  readonly reference?: string;
  /** Why it failed, or was given back. */
  readonly reason?: string;
}

/** The aggregate `payment`; its id is the order's. */
export const payment = defineDecider({
  category: "payment",
  events: paymentEvents,
  commands: {
    RequestPayment: requested.extend({ currency: currency.default(DEFAULT_CURRENCY) }),
    CapturePayment: z.object({ reference }),
    FailPayment: z.object({ reason }),
    RefundPayment: z.object({ reason }),
  },
  initialState: (): Payment => ({ status: "none" }),
  evolve: {
    PaymentRequested: (_, { data }) => ({ ...data, status: "requested" }),
    PaymentCaptured: (payment, { data }) => ({ ...payment, status: "captured", reference: data.reference }),
    PaymentFailed: (payment, { data }) => ({ ...payment, status: "failed", reason: data.reason }),
    PaymentRefunded: (payment, { data }) => ({ ...payment, status: "refunded", reason: data.reason }),
  },
  decide: {
    RequestPayment({ data }, { status, amountCents, currency }) {
      if (status === "none" || status === "failed") return paymentEvents.PaymentRequested(data);
      return amountCents === data.amountCents && currency === data.currency
        ? []
        : reject(
            "already_requested",
            `A payment of ${amountCents} cents (${currency}) was requested for this order already; another one can be once it has failed.`,
          );
    },
    CapturePayment({ data }, { status, reference }) {
      if (status === "none") return noSuchPayment();
      if (status === "requested") return paymentEvents.PaymentCaptured(data);
      // The money is there all the same: it was taken, and nobody waits for it any more.
      if (status === "failed") return [paymentEvents.PaymentCaptured(data), paymentEvents.PaymentRefunded({ reason: "It came after the payment had failed." })];
      return reference === data.reference ? [] : reject("already_captured", `The payment was captured as ${reference} already.`);
    },
    FailPayment({ data }, { status }) {
      if (status === "none") return noSuchPayment();
      if (status === "failed") return [];
      return status === "requested"
        ? paymentEvents.PaymentFailed(data)
        : reject("already_captured", "The money is there already, so the payment cannot fail: RefundPayment gives it back.");
    },
    RefundPayment({ data }, { status }) {
      if (status === "refunded") return [];
      return status === "captured"
        ? paymentEvents.PaymentRefunded(data)
        : reject("not_captured", "There is no money to give back: only a payment that was captured is refunded.");
    },
  },
});

const noSuchPayment = () => reject("no_such_payment", "No payment was requested for this order: RequestPayment comes first.");
