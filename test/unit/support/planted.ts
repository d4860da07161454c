import type { ViolationKind } from "../../../src/testing/history/violation.ts";
import type { Planting } from "./history-planting.ts";

/** A small change that spoils a sound run. */
export interface Planted {
  readonly kind: ViolationKind;
  /** What is done. */
  readonly what: string;
  plant(run: Planting): void;
  /** What the message says: both values and the operation. */
  readonly says: RegExp;
  /** What else that is bound to be. */
  readonly also?: readonly ViolationKind[];
}
