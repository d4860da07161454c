import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { orderEvents } from "../order.ts";

const row = z.object({
  orderId: z.string(),
  customerId: z.string(),
  status: z.enum(["placed", "confirmed", "shipped", "delivered", "cancelled"]),
  /** In cents, of the order's own currency. */
  totalCents: z.int(),
  /** Pieces, over all items. */
  itemCount: z.int(),
  placedAt: z.string(),
  updatedAt: z.string(),
});

type Summary = Omit<z.output<typeof row>, "orderId">;

/** The view `order_summary`: where is my order? */
export const orderSummary = defineProjection({
  name: "order_summary",
  version: 1,
  events: [orderEvents],
  key: "orderId",
  row,
  index: ["customerId"],
  on: {
    "commerce.OrderPlaced": (_, { data: { customerId, items, totalCents, placedAt }, recorded }) => ({
      customerId,
      status: "placed",
      totalCents,
      itemCount: items.reduce((count, { quantity }) => count + quantity, 0),
      placedAt,
      updatedAt: recorded,
    }),
    "commerce.OrderConfirmed": (row, event) => moved(row, "confirmed", event),
    "commerce.OrderShipped": (row, event) => moved(row, "shipped", event),
    "commerce.OrderDelivered": (row, event) => moved(row, "delivered", event),
    "commerce.OrderCancelled": (row, event) => moved(row, "cancelled", event),
  },
});

function moved(row: Summary | undefined, status: Summary["status"], { recorded }: { readonly recorded: string }): Summary | undefined {
  return row && { ...row, status, updatedAt: recorded };
}
