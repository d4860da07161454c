import type { FinalEvent } from "./final-state.ts";

/** A subscription as its owner means it: said again in plain code, so that the platform's own filters are not their own judge. */
export interface Subscribed {
  readonly id: string;
  readonly order: "stream" | "none";
  /** It wants what comes after this position. */
  readonly after: number;
  readonly maxAttempts: number;
  /** Whether an event is for it, wherever in the log it stands. */
  wants(event: FinalEvent): boolean;
}

/** A request that a receiver got. Moments are numbers that count all requests and acceptances of a run together, in their order. */
export interface Delivered {
  readonly subscription: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly id: string;
  readonly hash: string;
  /** The replay that it was part of. */
  readonly replay?: string;
  readonly arrived: number;
  /** When the receiver took it; undefined where it did not, or had no time to say so. */
  readonly accepted?: number;
}

/** An event that was given up, as the API lists it. */
export interface Parked {
  readonly subscription: string;
  readonly stream: string;
  readonly position: number;
  /** How many are kept with it. */
  readonly attempts: number;
}

/** A part of the log that was asked for again; both ends are part of it. */
export interface Replayed {
  readonly id: string;
  readonly subscription: string;
  readonly from: number;
  readonly to: number;
  /** `log`: one event after the other, as a follower of one partition has it. */
  readonly order: "log" | "stream";
}

/** What followers did in a run, at a moment when nothing was under way. */
export interface DeliveryHistory {
  /** As read back, in the order of positions. */
  readonly log: readonly FinalEvent[];
  readonly subscriptions: readonly Subscribed[];
  /** In the order of arrival. */
  readonly deliveries: readonly Delivered[];
  readonly deadLetters: readonly Parked[];
  readonly replays?: readonly Replayed[];
}
