import { z } from "zod";
import { defineDecider, defineEvents, event, type NewFact, sha256 } from "../../kernel/index.ts";
import { orderId } from "./goods.ts";
import { cents, currency } from "./money.ts";

/** Orders that are worth a word, and money (whole cents of a currency) spent on what was delivered. */
const ORDERS = [1, 10, 50, 100, 500, 1_000];
const SPENT_CENTS = [10_000, 100_000, 1_000_000, 10_000_000];
/** Orders of which a customer's record remembers what became of them: one that was forgotten is told from a new one by the command's key alone. */
const MOST_ORDERS = 200;

const customerId = z.string().min(1).max(200);
const outcome = z.enum(["placed", "delivered", "cancelled"]);
const noted = z.object({ customerId, orderId, outcome, totalCents: cents, currency, at: z.iso.datetime() });
const milestone = z.object({ customerId, kind: z.enum(["orders", "spent"]), value: z.int(), currency: currency.nullable(), at: z.iso.datetime() });

/** What a customer's orders add up to. */
export const customerEvents = defineEvents("commerce", {
  OrderNoted: event(noted, { type: "commerce.analytics.OrderNoted" }),
  CustomerMilestoneReached: milestone,
});

/** A customer, by what they ordered. Both numbers only grow, so which milestones are reached does not hang on the order of events. */
export interface CustomerState {
  readonly orders: number;
  /** Whole cents, by currency. */
  readonly spent: Readonly<Record<string, number>>;
  /** The last orders that were noted, as `<outcome> <order id>`. */
  readonly lately: readonly string[];
}

/** The aggregate `customer`: the orders of one customer, which no single order knows. */
export const customer = defineDecider({
  category: "customer",
  events: customerEvents,
  commands: { NoteOrder: noted },
  initialState: (): CustomerState => ({ orders: 0, spent: {}, lately: [] }),
  evolve: {
    OrderNoted: ({ orders, spent, lately }, { data }) => ({
      orders: orders + (data.outcome === "placed" ? 1 : 0),
      spent: data.outcome === "delivered" ? { ...spent, [data.currency]: (spent[data.currency] ?? 0) + data.totalCents } : spent,
      lately: [...lately, nameOf(data)].slice(-MOST_ORDERS),
    }),
    CustomerMilestoneReached: (state) => state,
  },
  decide: {
    NoteOrder({ data }, { orders, spent, lately }) {
      if (lately.includes(nameOf(data))) return [];
      return [customerEvents.OrderNoted(data), ...milestones(data, orders, spent[data.currency] ?? 0)];
    },
  },
});

/** The id of a customer's record. A customer's id is whatever the shop says, so it may be any text. */
export function customerRecordId(customerId: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(customerId) ? customerId : `~${sha256(customerId).slice("sha256:".length, "sha256:".length + 40)}`;
}

function nameOf({ outcome, orderId }: Pick<z.output<typeof noted>, "outcome" | "orderId">): string {
  return `${outcome} ${orderId}`;
}

function milestones({ customerId, outcome, totalCents, currency, at }: z.output<typeof noted>, orders: number, spent: number): readonly NewFact[] {
  if (outcome === "placed") {
    const reached = ORDERS.filter((value) => value === orders + 1);
    return reached.map((value) => customerEvents.CustomerMilestoneReached({ customerId, kind: "orders", value, currency: null, at }));
  }
  if (outcome === "cancelled") return [];
  const reached = SPENT_CENTS.filter((value) => spent < value && value <= spent + totalCents);
  return reached.map((value) => customerEvents.CustomerMilestoneReached({ customerId, kind: "spent", value, currency, at }));
}
