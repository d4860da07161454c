import { definePort } from "../../kernel/index.ts";

/** Money that is to be taken for an order. */
export interface Charge {
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** What a provider says of a charge. `pending`: it has not made up its mind; nobody is told when it does. */
export type ChargeAnswer =
  | { readonly outcome: "captured"; readonly reference: string }
  | { readonly outcome: "declined"; readonly reason: string }
  | { readonly outcome: "pending" };

/** Money that is to be given back: what was taken under this reference. */
export interface Refund {
  readonly orderId: string;
  readonly reference: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** Whoever takes money. */
export interface PaymentProvider {
  /** Takes it once for each key. A provider may say the same more than once. */
  charge(charge: Charge, key: string): Promise<ChargeAnswer | readonly ChargeAnswer[]>;
  /**
   * Sees to it that nothing stays taken under the key of a charge: what was taken goes back, and what comes under it later is refused. Most
   * often nothing was. Throws where that cannot be done now.
   */
  cancel(charge: Charge, key: string): Promise<void>;
  /** Gives it back, once for each key. Throws where that cannot be done now. */
  refund(refund: Refund, key: string): Promise<void>;
}

/** The provider as the handler of payments reaches it. */
export const paymentProvider = definePort<PaymentProvider>("commerce/payments");
