/** An event as one who pulls got it. */
export interface PulledEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** 1, 2, 3… since it was new, or was redriven. */
  readonly attempt: number;
}

/** A call that leased, and was answered. Times in milliseconds since 1970. */
export interface Lease {
  /** `t1/subscription:a` */
  readonly follower: string;
  /** When the object began to look what is next, as its own answer tells. */
  readonly given: number;
  /** Until then what it gave is nobody else's. */
  readonly until: number;
  /** When the answer came. */
  readonly ended: number;
  readonly limit: number;
  readonly events: readonly PulledEvent[];
}

/** One try to acknowledge or refuse what was leased. */
export interface Settling {
  readonly follower: string;
  readonly how: "acknowledge" | "refuse";
  readonly events: readonly PulledEvent[];
  readonly began: number;
  /** Undefined while it is not answered. */
  ended?: number;
  /** Of how many of the events it was said that it counts; undefined where nobody can know. */
  counted?: number;
}

/** What those who pull were given, and what they said of it. */
export class Pulled {
  readonly leases: Lease[] = [];
  readonly settlings: Settling[] = [];
}
