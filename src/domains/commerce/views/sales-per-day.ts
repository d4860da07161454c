import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { DEFAULT_CURRENCY } from "../money.ts";
import { orderEvents } from "../order.ts";

const row = z.object({
  /** `2026-01-31`, UTC; `2026-01-31:USD` for what was sold that day in another currency than EUR. */
  day: z.string(),
  orders: z.int(),
  totalCents: z.int(),
});

/** The view `sales_per_day`: what was ordered on a day? An order counts on the day it was placed, whatever becomes of it later. */
export const salesPerDay = defineProjection({
  name: "sales_per_day",
  version: 1,
  events: [orderEvents],
  key: "day",
  row,
  keyOf: {
    // Cents of two currencies are never added up.
    "commerce.OrderPlaced": ({ data: { placedAt, currency } }) => placedAt.slice(0, 10) + (currency === DEFAULT_CURRENCY ? "" : `:${currency}`),
  },
  without: (row, part) => (row.orders > part.orders ? { orders: row.orders - part.orders, totalCents: row.totalCents - part.totalCents } : undefined),
  on: {
    "commerce.OrderPlaced": (row, { data }) => ({ orders: (row?.orders ?? 0) + 1, totalCents: (row?.totalCents ?? 0) + data.totalCents }),
  },
});
