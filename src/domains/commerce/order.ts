import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject, type Rejection } from "../../kernel/index.ts";
import { reason, sku } from "./goods.ts";
import { cents, currency, DEFAULT_CURRENCY, MAX_CENTS } from "./money.ts";

const item = z.object({ sku, quantity: z.int().min(1).max(10_000), priceCents: cents });
const items = z
  .array(item)
  .max(100)
  .refine((items) => totalOf(items) <= MAX_CENTS, `Expected items for at most ${MAX_CENTS} cents in all`);
const customerId = z.string().min(1).max(200);
const tracking = z.string().min(1).max(200);
const placed = z.object({ customerId, items: items.min(1), totalCents: cents, currency, placedAt: z.iso.datetime() });

/** What happens to an order. */
export const orderEvents = defineEvents("commerce", {
  OrderPlaced: placed,
  OrderConfirmed: z.object({}),
  OrderShipped: z.object({ tracking }),
  OrderDelivered: z.object({}),
  OrderCancelled: z.object({ reason }),
});

/** An order, from being placed to being at the customer's. */
export interface Order extends Partial<z.output<typeof placed>> {
  readonly status: "none" | "placed" | "confirmed" | "shipped" | "delivered" | "cancelled";
  /** Of the parcel, once it is shipped. */
  readonly tracking?: string;
  /** Why it was cancelled. */
  readonly reason?: string;
}

/** The aggregate `order`; its id is the order's. */
export const order = defineDecider({
  category: "order",
  events: orderEvents,
  commands: {
    PlaceOrder: z.object({ customerId, items, currency: currency.default(DEFAULT_CURRENCY) }),
    ConfirmOrder: z.object({}),
    ShipOrder: z.object({ tracking }),
    DeliverOrder: z.object({}),
    CancelOrder: z.object({ reason }),
  },
  initialState: (): Order => ({ status: "none" }),
  evolve: {
    OrderPlaced: (_, { data }) => ({ ...data, status: "placed" }),
    OrderConfirmed: (order) => ({ ...order, status: "confirmed" }),
    OrderShipped: (order, { data }) => ({ ...order, status: "shipped", tracking: data.tracking }),
    OrderDelivered: (order) => ({ ...order, status: "delivered" }),
    OrderCancelled: (order, { data }) => ({ ...order, status: "cancelled", reason: data.reason }),
  },
  decide: {
    PlaceOrder({ data }, { status, customerId, items, currency }, { now }) {
      if (status !== "none") {
        return canonicalJson({ customerId, items, currency }) === canonicalJson(data)
          ? []
          : reject("already_placed", "There is an order of this id already, with other data: choose another id.");
      }
      if (data.items.length === 0) return reject("empty_order", "Expected at least one item, got none.");
      return orderEvents.OrderPlaced({ ...data, totalCents: totalOf(data.items), placedAt: now });
    },
    ConfirmOrder(_, { status }) {
      if (status === "placed") return orderEvents.OrderConfirmed({});
      return goneOf(status) ?? [];
    },
    ShipOrder({ data }, { status, tracking }) {
      if (status === "confirmed") return orderEvents.OrderShipped(data);
      if (status === "placed") return reject("not_confirmed", "The order is not confirmed yet, so it cannot be shipped: ConfirmOrder comes first.");
      return goneOf(status) ?? (tracking === data.tracking ? [] : reject("already_shipped", `The order was shipped as ${tracking} already.`));
    },
    DeliverOrder(_, { status }) {
      if (status === "shipped") return orderEvents.OrderDelivered({});
      if (status === "placed" || status === "confirmed")
        return reject("not_shipped", "The order is not shipped yet, so it cannot be delivered: ShipOrder comes first.");
      return goneOf(status) ?? [];
    },
    CancelOrder({ data }, { status }) {
      if (status === "none") return noSuchOrder();
      if (status === "cancelled") return [];
      return status === "shipped" || status === "delivered"
        ? reject("too_late", "The order has been shipped, so it cannot be cancelled any more.")
        : orderEvents.OrderCancelled(data);
    },
  },
});

/** What items cost together, in cents. */
function totalOf(items: readonly z.output<typeof item>[]): number {
  return items.reduce((total, { quantity, priceCents }) => total + quantity * priceCents, 0);
}

/** The no of an order that is not there, or not any more. */
function goneOf(status: Order["status"]): Rejection | undefined {
  if (status === "none") return noSuchOrder();
  return status === "cancelled" ? reject("order_cancelled", "The order was cancelled, and nothing more comes of it: place another one.") : undefined;
}

const noSuchOrder = () => reject("no_such_order", "There is no such order: PlaceOrder makes one.");
