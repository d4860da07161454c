import { type PaymentProvider } from "../domains/commerce/index.ts";
import { sha256 } from "../kernel/index.ts";

/**
 * A payment provider that needs nobody. It declines customers whose id begins with `declined`, never answers for `silent…`, answers twice
 * for `twice…`, and takes all others' money. One key has one reference. What is given back goes nowhere.
 */
export const localPayments: PaymentProvider = {
  async charge({ customerId }, key) {
    if (customerId.startsWith("declined")) return { outcome: "declined", reason: `The card of ${customerId} is declined.` };
    if (customerId.startsWith("silent")) return { outcome: "pending" };
    const captured = { outcome: "captured", reference: `local-${sha256(key).slice("sha256:".length, "sha256:".length + 24)}` } as const;
    return customerId.startsWith("twice") ? [captured, captured] : captured;
  },
  cancel: async () => {},
  refund: async () => {},
};
