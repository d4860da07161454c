/** Everything that can be wrong with what followers delivered. */
export const DELIVERY_VIOLATION_KINDS = [
  "delivery-lost",
  "delivery-unwanted",
  "delivery-differs",
  "delivery-order",
  "parked-early",
  "parked-accepted",
  "parked-unwanted",
  "parked-overtaken",
  "replay-lost",
  "replay-unwanted",
  "replay-order",
] as const;

export type DeliveryViolationKind = (typeof DELIVERY_VIOLATION_KINDS)[number];

/** A promise of followers that a run broke. */
export interface DeliveryViolation {
  readonly kind: DeliveryViolationKind;
  /** A sentence with what was expected, what was there, and whose delivery it was. */
  readonly message: string;
}
