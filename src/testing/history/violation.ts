/** Everything that can be wrong with a run. */
export const VIOLATION_KINDS = [
  "version-gap",
  "version-repeat",
  "chain-broken",
  "verify-fails",
  "acknowledged-missing",
  "acknowledged-moved",
  "acknowledged-altered",
  "acknowledged-repeated",
  "refused-present",
  "unknown-partial",
  "unknown-repeated",
  "not-contiguous",
  "event-of-nobody",
  "real-time-order",
  "precondition-broken",
  "refusal-impossible",
  "refusal-unfounded",
  "repeat-answered-otherwise",
  "repeat-refused",
  "log-gap",
  "log-position-repeat",
  "log-repeat",
  "log-order",
  "log-lacks-event",
  "log-unknown-event",
  "log-differs",
  "view-differs",
  "read-stale",
  "read-differs",
  "read-lacks-own-write",
  "read-goes-back",
  "live-gap",
  "live-repeat",
  "live-order",
  "live-differs",
  "live-incomplete",
] as const;

export type ViolationKind = (typeof VIOLATION_KINDS)[number];

/** A promise that a run broke. */
export interface Violation {
  readonly kind: ViolationKind;
  /** A sentence with what was expected, what was there, and which operation it was. */
  readonly message: string;
}
