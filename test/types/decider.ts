// What must not compile about deciders: each line below an `@ts-expect-error` is an error of types, and tsc fails where one is not.
import { z } from "zod";
import { defineDecider, defineModule, reject } from "../../src/kernel/index.ts";
import { cartEvents } from "./events.ts";

interface Cart {
  readonly status: "open" | "closed";
  readonly total: number;
}

const item = z.object({ sku: z.string(), quantity: z.int() });
const basis = {
  category: "cart",
  events: cartEvents,
  commands: { AddItem: item, CheckOut: z.object({}) },
  initialState: (): Cart => ({ status: "open", total: 0 }),
};
const evolve = {
  ItemAdded: (cart: Cart, { data }: { readonly data: { readonly quantity: number } }): Cart => ({ ...cart, total: cart.total + data.quantity }),
  CheckedOut: (cart: Cart): Cart => ({ ...cart, status: "closed" }),
};
const decide = {
  AddItem: ({ data }: { readonly data: z.output<typeof item> }) => cartEvents.ItemAdded(data),
  CheckOut: (_: unknown, cart: Cart) => (cart.status === "closed" ? reject("cart_closed") : cartEvents.CheckedOut({ total: cart.total })),
};

export const cart = defineDecider({ ...basis, evolve, decide });

// @ts-expect-error An event has no step in evolve.
defineDecider({ ...basis, evolve: { ItemAdded: evolve.ItemAdded }, decide });
// @ts-expect-error A step in evolve is of no event.
defineDecider({ ...basis, evolve: { ...evolve, ItemRemoved: (cart: Cart) => cart }, decide });
// @ts-expect-error A step in evolve gives a state without one of its fields.
defineDecider({ ...basis, evolve: { ...evolve, CheckedOut: () => ({ status: "closed" as const }) }, decide });
// @ts-expect-error A step in evolve gives a field another type.
defineDecider({ ...basis, evolve: { ...evolve, CheckedOut: () => ({ status: "paid" as const, total: 1 }) }, decide });
// @ts-expect-error A step in evolve reads a field that the event does not have.
defineDecider({ ...basis, evolve: { CheckedOut: evolve.CheckedOut, ItemAdded: (cart, { data }) => ({ ...cart, total: data.price }) }, decide });
// @ts-expect-error A command has no decision.
defineDecider({ ...basis, evolve, decide: { AddItem: decide.AddItem } });
// @ts-expect-error A decision is of no command.
defineDecider({ ...basis, evolve, decide: { ...decide, Drop: () => reject("no") } });
// @ts-expect-error A decision is no event, list of events, or no.
defineDecider({ ...basis, evolve, decide: { ...decide, CheckOut: () => "closed" } });
// @ts-expect-error A decision is made at once: there is no awaiting in it.
defineDecider({ ...basis, evolve, decide: { ...decide, CheckOut: async () => reject("cart_closed") } });
// @ts-expect-error A decision reads a field that the command does not have.
defineDecider({ ...basis, evolve, decide: { CheckOut: decide.CheckOut, AddItem: ({ data }) => reject(data.price) } });
// @ts-expect-error A decision has no clock but the context's `now`.
defineDecider({ ...basis, evolve, decide: { ...decide, CheckOut: (_, __, { clock }) => reject(clock) } });
defineDecider({
  ...basis,
  evolve,
  // @ts-expect-error What was not prepared was not found.
  decide: { ...decide, CheckOut: ({ found }) => reject(found.code) },
});
defineDecider({
  ...basis,
  evolve,
  prepare: { CheckOut: async () => ({ code: "a" }) },
  // @ts-expect-error A preparation found something else.
  decide: { ...decide, CheckOut: ({ found }) => reject(found.reason) },
});
defineDecider({
  ...basis,
  evolve,
  prepare: { CheckOut: async () => ({ code: "a" }) },
  // @ts-expect-error It was another command that was prepared.
  decide: { ...decide, AddItem: ({ found }) => reject(found.code) },
});
// @ts-expect-error A preparation is a promise.
defineDecider({ ...basis, evolve, prepare: { CheckOut: () => ({ code: "a" }) }, decide });
// @ts-expect-error A preparation knows no such port.
defineDecider({ ...basis, evolve, prepare: { CheckOut: async (_, __, { ports }) => ports.mail }, decide });
// @ts-expect-error What is shown reads a field that the state does not have.
defineDecider({ ...basis, evolve, decide, show: ({ items }) => items });
// @ts-expect-error Unique values have a scope and a value.
defineDecider({ ...basis, evolve, decide, unique: { wants: { AddItem: ({ data }) => [data.sku] }, holds: () => [], taken: "taken" } });
// @ts-expect-error A module is of deciders, not of event sets.
defineModule({ name: "cart", deciders: [cartEvents] });
