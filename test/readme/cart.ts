import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../src/kernel/index.ts";

const item = z.object({ sku: z.string(), quantity: z.int().min(1), price: z.int().min(0) });

export const cartEvents = defineEvents("cart", {
  ItemAdded: item,
  CheckedOut: z.object({ total: z.int(), at: z.string() }),
});

interface Cart {
  readonly status: "open" | "closed";
  readonly total: number;
}

export const cart = defineDecider({
  category: "cart",
  events: cartEvents,
  commands: { AddItem: item, CheckOut: z.object({}) },
  initialState: (): Cart => ({ status: "open", total: 0 }),
  evolve: {
    ItemAdded: (cart, { data }) => ({ ...cart, total: cart.total + data.quantity * data.price }),
    CheckedOut: (cart) => ({ ...cart, status: "closed" }),
  },
  decide: {
    AddItem: ({ data }, cart) => (cart.status === "closed" ? reject("cart_closed") : cartEvents.ItemAdded(data)),
    CheckOut: (_, cart, { now }) =>
      cart.status === "closed" ? [] : cart.total === 0 ? reject("cart_empty") : cartEvents.CheckedOut({ total: cart.total, at: now }),
  },
});
