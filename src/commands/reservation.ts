import { z } from "zod";
import { type Claim, defineDecider, defineEvents, reject, sha256 } from "../kernel/index.ts";

/** The category that reservations live in: one small aggregate for each value that somebody wanted. */
export const RESERVATION_CATEGORY = "rivulet_unique";

/**
 * How long (milliseconds) a reservation counts though its owner does not hold the value: long enough for any command that
 * was prepared with it. After that it may be taken over.
 */
export const LEASE = 120_000;

const version = z.int().min(0);
const events = defineEvents("rivulet", {
  ValueReserved: z.object({ scope: z.string(), owner: z.string(), at: z.string(), version: version.optional() }),
  ValueReleased: z.object({ owner: z.string(), version }),
});

/** Who has a value, since when, and the owner's version that this was prepared with; nobody before the first reservation. */
export interface ReservationState {
  readonly owner?: string;
  readonly at?: string;
  readonly version?: number;
}

/**
 * One value of which there may be only one: whoever reserves it first has it. The truth is the owner's own state, so a reservation
 * whose owner never came to hold the value is only a lease.
 */
export const reservation = defineDecider({
  category: RESERVATION_CATEGORY,
  events,
  commands: {
    /** `version`: the owner's that the command was prepared with, which is to hold the value after it. */
    Reserve: z.object({ owner: z.string(), scope: z.string(), version, replaces: z.string().optional() }),
    /** `version`: the owner's since which it holds the value no more. */
    Release: z.object({ owner: z.string(), version }),
  },
  initialState: (): ReservationState => ({}),
  evolve: {
    ValueReserved: (_, { data: { owner, at, version = 0 } }) => ({ owner, at, version }),
    ValueReleased: () => ({}),
  },
  decide: {
    Reserve({ data: { owner, scope, version, replaces } }, { owner: before, at, version: noted = 0 }, { now }) {
      const age = at === undefined ? 0 : Date.parse(now) - Date.parse(at);
      // Reserved anew, the owner has a whole lease again to come to hold it; and a release that is on its way speaks of an older version.
      if (before === owner && age < LEASE / 2 && version <= noted) return [];
      if (before === owner) return events.ValueReserved({ scope, owner, at: now, version: Math.max(version, noted) });
      if (before === undefined || (replaces === before && age >= LEASE)) return events.ValueReserved({ scope, owner, at: now, version });
      return reject("taken", "Somebody else has this value already.");
    },
    Release({ data: { owner, version } }, { owner: before, version: noted = 0 }) {
      return before === owner && noted < version ? events.ValueReleased({ owner, version }) : [];
    },
  },
});

/** The stream of a value's reservation. The value itself stays out of it: an address is nobody's business there. */
export function reservationStream({ scope, value }: Claim): string {
  return `${RESERVATION_CATEGORY}-${sha256(JSON.stringify([scope, value])).slice(7, 47)}`;
}
