import { z } from "zod";
import { type Claim, defineDecider, defineEvents, reject, sha256 } from "../kernel/index.ts";

/** The category that reservations live in: one small aggregate for each value that somebody wanted. */
export const RESERVATION_CATEGORY = "rivulet_unique";

/**
 * How long (milliseconds) a reservation counts though its owner does not hold the value: long enough for any command that
 * was prepared with it. After that it may be taken over.
 */
export const LEASE = 120_000;

const events = defineEvents("rivulet", { ValueReserved: z.object({ scope: z.string(), owner: z.string(), at: z.string() }) });

/** Who has a value, and since when; nobody before the first reservation. */
export interface ReservationState {
  readonly owner?: string;
  readonly at?: string;
}

/**
 * One value of which there may be only one: whoever reserves it first has it. The truth is the owner's own state, so a reservation
 * whose owner never came to hold the value is only a lease.
 */
export const reservation = defineDecider({
  category: RESERVATION_CATEGORY,
  events,
  commands: { Reserve: z.object({ owner: z.string(), scope: z.string(), replaces: z.string().optional() }) },
  initialState: (): ReservationState => ({}),
  evolve: {
    ValueReserved: (_, { data: { owner, at } }) => ({ owner, at }),
  },
  decide: {
    Reserve({ data: { owner, scope, replaces } }, state, { now }) {
      const age = state.at === undefined ? 0 : Date.parse(now) - Date.parse(state.at);
      // Reserved anew, the owner has a whole lease again to come to hold it.
      if (state.owner === owner) return age < LEASE / 2 ? [] : events.ValueReserved({ scope, owner, at: now });
      if (state.owner === undefined || (replaces === state.owner && age >= LEASE)) return events.ValueReserved({ scope, owner, at: now });
      return reject("taken", "Another aggregate has this value.");
    },
  },
});

/** The stream of a value's reservation. The value itself stays out of it: an address is nobody's business there. */
export function reservationStream({ scope, value }: Claim): string {
  return `${RESERVATION_CATEGORY}-${sha256(JSON.stringify([scope, value])).slice(7, 47)}`;
}
