// What must not compile about sagas and their tests: each line below an `@ts-expect-error` is an error of types, and tsc fails where one is not.
import { z } from "zod";
import { commandTo, defineModule, definePort, defineSaga, failed, learned } from "../../src/kernel/index.ts";
import { givenSaga, happened } from "../../src/testing/index.ts";
import { cart } from "./decider.ts";
import { cartEvents } from "./events.ts";
import { carts } from "./projection.ts";

const mail = definePort<{ readonly send: (to: string, key: string) => Promise<void> }>("mail");
const basis = {
  name: "carts",
  events: [cartEvents] as const,
  data: z.object({ cartId: z.string(), count: z.int(), price: z.int().optional() }),
  startsOn: { "cart.ItemAdded": () => ({ cartId: "c1", count: 1 }) },
} as const;

export const saga = defineSaga({
  ...basis,
  aggregates: [cart],
  startsOn: { "cart.ItemAdded": ({ id, data }) => ({ cartId: id, count: data.quantity }) },
  correlate: { "cart.ItemAdded": ({ data }) => data.sku },
  evolve: { "cart.ItemAdded": (known, { data }) => ({ ...known, count: known.count + data.quantity }) },
  steps: [
    {
      name: "add",
      when: ({ count }) => count > 0,
      send: ({ cartId, count }) => commandTo(cart, cartId, "AddItem", { sku: "tea", quantity: count }),
      sendOn: { "cart.ItemAdded": ({ cartId }, { data }) => commandTo(cart, cartId, "AddItem", { sku: data.sku, quantity: 1 }) },
      awaits: { "cart.ItemAdded": ({ count }, { data }) => (data.quantity > count ? failed("too many") : data.quantity === count) },
    },
    [
      { name: "price", call: async () => learned({ price: 1 }) },
      { name: "mail", call: async ({ cartId }, { key, port }) => port(mail).send(cartId, key) },
    ],
    { name: "out", send: ({ cartId }) => [{ ...commandTo(cart, cartId, "CheckOut", {}), accepts: ["cart_closed"] }] },
  ],
  undoneOn: { "cart.ItemAdded": ({ count }, { data }) => (data.quantity > count ? `too many: ${data.sku}` : undefined) },
  undone: ({ cartId }, reason) => commandTo(cart, cartId, "AddItem", { sku: reason, quantity: 1 }),
});

/** Never called: only its types count. */
export async function specs(): Promise<void> {
  const added = happened("cart-c1", cartEvents.ItemAdded({ sku: "tea", quantity: 1 }));
  givenSaga(saga)
    .when(added)
    .then(commandTo(cart, "c1", "CheckOut", {}))
    .after(1)
    .thenStatus("completed");

  // @ts-expect-error There is no such command.
  defineSaga({ ...basis, steps: [{ name: "a", send: ({ cartId }) => commandTo(cart, cartId, "Drop", {}) }] });
  // @ts-expect-error The command lacks a field.
  defineSaga({ ...basis, steps: [{ name: "a", send: ({ cartId }) => commandTo(cart, cartId, "AddItem", { sku: "tea" }) }] });
  // @ts-expect-error The command has a field of another type.
  defineSaga({ ...basis, steps: [{ name: "a", compensate: ({ cartId }) => commandTo(cart, cartId, "AddItem", { sku: "tea", quantity: cartId }) }] });
  // @ts-expect-error A view takes no commands.
  defineSaga({ ...basis, steps: [{ name: "a", send: ({ cartId }) => commandTo(carts, cartId, "CheckOut", {}) }] });
  // @ts-expect-error A step sends commands, not events.
  defineSaga({ ...basis, steps: [{ name: "a", send: () => cartEvents.ItemAdded({ sku: "tea", quantity: 1 }) }] });
  // @ts-expect-error The saga does not know this.
  defineSaga({ ...basis, steps: [{ name: "a", send: ({ total }) => commandTo(cart, total, "CheckOut", {}) }] });
  // @ts-expect-error A branch is taken or not.
  defineSaga({ ...basis, steps: [{ name: "a", when: ({ count }) => count }] });
  // @ts-expect-error No event of its sets has this type.
  defineSaga({ ...basis, startsOn: { "cart.Dropped": () => ({ cartId: "c1", count: 1 }) }, steps: [] });
  // @ts-expect-error It begins with all that it knows.
  defineSaga({ ...basis, startsOn: { "cart.ItemAdded": ({ id }) => ({ cartId: id }) }, steps: [] });
  // @ts-expect-error It begins with what it knows as it is.
  defineSaga({ ...basis, startsOn: { "cart.ItemAdded": ({ data }) => ({ cartId: "c1", count: data.sku }) }, steps: [] });
  // @ts-expect-error The event does not have this field.
  defineSaga({ ...basis, startsOn: { "cart.ItemAdded": ({ data }) => ({ cartId: data.cart, count: 1 }) }, steps: [] });
  // @ts-expect-error It waits for events of its sets.
  defineSaga({ ...basis, steps: [{ name: "a", awaits: { "cart.Dropped": () => true } }] });
  // @ts-expect-error What a wait ends with is yes, no, or why not.
  defineSaga({ ...basis, steps: [{ name: "a", awaits: { "cart.ItemAdded": () => "yes" } }] });
  // @ts-expect-error The event that it waits for does not have this field.
  defineSaga({ ...basis, steps: [{ name: "a", awaits: { "cart.ItemAdded": (_, { data }) => data.total > 1 } }] });
  // @ts-expect-error What follows from an event are commands.
  defineSaga({ ...basis, steps: [{ name: "a", sendOn: { "cart.ItemAdded": () => true } }] });
  // @ts-expect-error An instance is known by an id.
  defineSaga({ ...basis, correlate: { "cart.ItemAdded": ({ data }) => data.quantity }, steps: [] });
  // @ts-expect-error What it learns from an event is what it knows.
  defineSaga({ ...basis, evolve: { "cart.ItemAdded": (known) => ({ ...known, count: "many" }) }, steps: [] });
  // @ts-expect-error Why it ends before its time is a sentence.
  defineSaga({ ...basis, undoneOn: { "cart.ItemAdded": () => true }, steps: [] });
  // @ts-expect-error A call beyond learns what the saga knows.
  defineSaga({ ...basis, steps: [{ name: "a", call: async () => learned({ price: "dear" }) }] });
  // @ts-expect-error A call beyond says nothing, that it failed, or what it has learned.
  defineSaga({ ...basis, steps: [{ name: "a", call: async () => true }] });
  // @ts-expect-error What stands behind the port takes a key.
  defineSaga({ ...basis, steps: [{ name: "a", call: async (_, { port }) => port(mail).send("ann@a.example") }] });
  // @ts-expect-error A step has a name.
  defineSaga({ ...basis, steps: [{ send: () => [] }] });
  // @ts-expect-error Groups are of steps, not of groups.
  defineSaga({ ...basis, steps: [[[{ name: "a" }]]] });
  // @ts-expect-error The policy has no such field.
  defineSaga({ ...basis, steps: [{ name: "a", retry: { attempts: 3 } }] });
  // @ts-expect-error A saga is no decider: its earlier versions are sagas.
  defineSaga({ ...basis, was: [cart], steps: [] });
  // @ts-expect-error It is about aggregates, not about views.
  defineSaga({ ...basis, aggregates: [carts], steps: [] });
  // @ts-expect-error A module is of sagas, not of views.
  defineModule({ name: "cart", sagas: [carts] });
  // @ts-expect-error A view is no saga.
  givenSaga(carts);
  // @ts-expect-error A saga's test is given a stream's name with each fact.
  givenSaga(saga).when(cartEvents.ItemAdded({ sku: "tea", quantity: 1 }));
  // @ts-expect-error There is no such status.
  givenSaga(saga).thenStatus("done");
  // @ts-expect-error A step's state is one that there is.
  givenSaga(saga).thenSteps({ add: "completed" });
  // @ts-expect-error What comes back is one of the answers.
  givenSaga(saga).answers("add", "rejected");
  // @ts-expect-error Time is in milliseconds.
  givenSaga(saga).after("15 min");
  // @ts-expect-error What a call beyond said must have come before one can answer with it.
  givenSaga(saga).answers("mail", givenSaga(saga).asks("mail"));
  // @ts-expect-error A saga sends commands, and no events.
  givenSaga(saga).then(cartEvents.ItemAdded({ sku: "tea", quantity: 1 }));
}
