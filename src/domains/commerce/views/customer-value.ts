import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { customerEvents } from "../customer.ts";

const row = z.object({
  customerId: z.string(),
  /** Orders that were placed, and what became of them. */
  orders: z.int(),
  delivered: z.int(),
  cancelled: z.int(),
  /** Whole cents of what was delivered, by currency: those of two are never added up. */
  spent: z.record(z.string(), z.int()),
  firstOrderAt: z.iso.datetime().nullable(),
  lastOrderAt: z.iso.datetime().nullable(),
});
type Value = Omit<z.output<typeof row>, "customerId">;

/** The view `customer_value`: who orders how much? */
export const customerValue = defineProjection({
  name: "customer_value",
  version: 1,
  events: [customerEvents],
  key: "customerId",
  row,
  keyOf: { "commerce.analytics.OrderNoted": ({ data }) => data.customerId },
  without: "nothing",
  on: {
    "commerce.analytics.OrderNoted"(row: Value = NOTHING, { data: { outcome, totalCents, currency, at } }) {
      if (outcome === "cancelled") return { ...row, cancelled: row.cancelled + 1 };
      if (outcome === "delivered")
        return { ...row, delivered: row.delivered + 1, spent: { ...row.spent, [currency]: (row.spent[currency] ?? 0) + totalCents } };
      // Orders are noted in any order.
      const [firstOrderAt = at, lastOrderAt = at] = [row.firstOrderAt ?? at, row.lastOrderAt ?? at];
      return {
        ...row,
        orders: row.orders + 1,
        firstOrderAt: at < firstOrderAt ? at : firstOrderAt,
        lastOrderAt: at > lastOrderAt ? at : lastOrderAt,
      };
    },
  },
});

const NOTHING: Value = { orders: 0, delivered: 0, cancelled: 0, spent: {}, firstOrderAt: null, lastOrderAt: null };
