import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { orderEvents } from "../order.ts";

const row = z.object({
  /** `<currency>:<sku>`: cents of two currencies are never added up. */
  salesId: z.string(),
  sku: z.string(),
  currency: z.string(),
  orders: z.int(),
  quantity: z.int(),
  totalCents: z.int(),
});

/** The view `product_sales`: what sells best? Counted when an order is placed, whatever becomes of it later. */
export const productSales = defineProjection({
  name: "product_sales",
  version: 1,
  events: [orderEvents],
  key: "salesId",
  row,
  keyOf: { "commerce.OrderPlaced": ({ data: { items, currency } }) => items.map(({ sku }) => `${currency}:${sku}`) },
  without(row, part) {
    if (row.orders === part.orders) return undefined;
    return { ...row, orders: row.orders - part.orders, quantity: row.quantity - part.quantity, totalCents: row.totalCents - part.totalCents };
  },
  on: {
    "commerce.OrderPlaced"(row, { data: { items, currency } }, key) {
      const sku = key.slice(currency.length + 1);
      const own = items.filter((item) => item.sku === sku);
      return {
        sku,
        currency,
        orders: (row?.orders ?? 0) + 1,
        quantity: own.reduce((sum, { quantity }) => sum + quantity, row?.quantity ?? 0),
        totalCents: own.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, row?.totalCents ?? 0),
      };
    },
  },
});
