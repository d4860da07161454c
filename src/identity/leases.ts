import { largestLease, LEASE_USED } from "../kernel/index.ts";
import type { RequestLimit } from "./key.ts";

/** What an object gave of a limit: `granted` requests may pass, perhaps none; what is left of it; seconds until there is more. */
export interface Leased {
  readonly granted: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** Whether a request may pass, and what is left. */
interface Taken {
  readonly isAdmitted: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** What an isolate has of one limit. */
interface Lease {
  /** Requests that pass without asking, until then (milliseconds since 1970). */
  left: number;
  until: number;
  /** What the object said when it gave them. */
  said: Leased;
  /** How many to ask for next: what was used up is asked for twice over, what ran out unused is not. */
  size: number;
  isAsking: boolean;
}

/** Limits that are remembered; beyond that the one that was leased longest ago is asked for anew. */
const MOST = 1_000;

/** What this isolate may let through without asking, of limits that are leased out. */
export class Leases {
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one request of the limit of this name; asks only where nothing is left of what was leased. */
  async take(name: string, limit: RequestLimit, ask: (wanted: number) => Promise<Leased>): Promise<Taken> {
    const lease = this.#leaseOf(name);
    const asked = this.#now();
    if (lease.left > 0 && asked < lease.until) {
      lease.left--;
      return { isAdmitted: true, remaining: lease.said.remaining + lease.left, resetSeconds: lease.said.resetSeconds };
    }
    // While one asks for many, others ask for themselves: a request cannot wait for what another one has asked.
    if (lease.isAsking) return takenOf(await ask(1));
    if (lease.left > 0) lease.size = Math.max(1, lease.size - lease.left);
    lease.left = 0;
    lease.isAsking = true;
    try {
      const said = await ask(Math.min(lease.size, largestLease(limit)));
      if (said.granted > 0) {
        lease.left = said.granted - 1;
        lease.until = asked + LEASE_USED;
        lease.said = said;
        lease.size = Math.min(lease.size * 2, largestLease(limit));
      }
      return takenOf(said);
    } finally {
      lease.isAsking = false;
    }
  }

  #leaseOf(name: string): Lease {
    const lease = this.#leases.get(name) ?? { left: 0, until: 0, said: { granted: 0, remaining: 0, resetSeconds: 0 }, size: 1, isAsking: false };
    this.#leases.delete(name);
    this.#leases.set(name, lease);
    for (const oldest of this.#leases.keys()) {
      if (this.#leases.size <= MOST) break;
      this.#leases.delete(oldest);
    }
    return lease;
  }
}

function takenOf({ granted, remaining, resetSeconds }: Leased): Taken {
  return { isAdmitted: granted > 0, remaining, resetSeconds };
}
