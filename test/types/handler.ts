// What must not compile about handlers and their tests: each line below an `@ts-expect-error` is an error of types, and tsc fails where one is not.
import { z } from "zod";
import { commandTo, defineEvents, defineHandler, defineModule, definePort, type HandlerContext } from "../../src/kernel/index.ts";
import { aggregate, behind, givenHandler, happened } from "../../src/testing/index.ts";
import { cart } from "./decider.ts";
import { cartEvents } from "./events.ts";
import { carts } from "./projection.ts";

const otherEvents = defineEvents("other", { Happened: z.object({ at: z.string() }) });
const mail = definePort<{ readonly send: (to: string, key: string) => Promise<void> }>("mail");
const basis = { name: "carts", events: [cartEvents], on: ["cart.*"] } as const;

export const handler = defineHandler({
  ...basis,
  handle(event) {
    return event.type === "cart.ItemAdded" ? [commandTo(cart, event.id, "AddItem", { sku: event.data.sku, quantity: event.data.quantity })] : [];
  },
});

/** Never called: only its types count. */
export async function specs(context: HandlerContext): Promise<void> {
  const added = cartEvents.ItemAdded({ sku: "tea", quantity: 1 });
  const world = { found: [aggregate(cart, "c1", added)], ports: [behind(mail, { send: async () => {} })], deciders: [cart] };
  await givenHandler(handler, world)
    .when(happened("cart-c1", added))
    .thenOnce(commandTo(cart, "c1", "AddItem", { sku: "tea", quantity: 1 }));

  // @ts-expect-error There is no such command.
  commandTo(cart, "c1", "Drop", {});
  // @ts-expect-error The command lacks a field.
  commandTo(cart, "c1", "AddItem", { sku: "tea" });
  // @ts-expect-error The command has a field of another type.
  commandTo(cart, "c1", "AddItem", { sku: "tea", quantity: "1" });
  // @ts-expect-error The command has a field too many.
  commandTo(cart, "c1", "AddItem", { sku: "tea", quantity: 1, price: 1 });
  // @ts-expect-error A command is for one aggregate, by its id.
  commandTo(cart, 1, "CheckOut", {});
  // @ts-expect-error A view takes no commands.
  commandTo(carts, "c1", "CheckOut", {});
  // @ts-expect-error A handler is about patterns.
  defineHandler({ name: "carts", handle: () => [] });
  // @ts-expect-error A handler handles.
  defineHandler({ ...basis });
  // @ts-expect-error A handler returns commands, not events.
  defineHandler({ ...basis, handle: () => [added] });
  // @ts-expect-error A handler returns a list.
  defineHandler({ ...basis, handle: () => commandTo(cart, "c1", "CheckOut", {}) });
  // @ts-expect-error No event of its sets has this type.
  defineHandler({ ...basis, handle: (event) => (event.type === "other.Happened" ? [] : []) });
  // @ts-expect-error The event does not have this field, as long as it may be another one.
  defineHandler({ ...basis, handle: (event) => [commandTo(cart, event.data.sku, "CheckOut", {})] });
  // @ts-expect-error There is no such priority.
  defineHandler({ ...basis, priority: "urgent", handle: () => [] });
  // @ts-expect-error A handler begins now, or at the beginning.
  defineHandler({ ...basis, from: 1, handle: () => [] });
  // @ts-expect-error The policy has no such field.
  defineHandler({ ...basis, retry: { attempts: 3 }, handle: () => [] });
  // @ts-expect-error Event sets are declared, not named.
  defineHandler({ ...basis, events: ["cart"], handle: () => [] });
  // @ts-expect-error A handler has no clock but the context's `now`.
  defineHandler({ ...basis, handle: (_, { clock }) => clock() });
  // @ts-expect-error What stands behind the port takes a key.
  await context.port(mail).send("ann@example.com");
  // @ts-expect-error A port is known by its token.
  context.port("mail");
  // @ts-expect-error A state is what it is: somebody has to look.
  (await context.state("cart", "c1")).state.total.toFixed();
  // @ts-expect-error What stands behind the port cannot do what the port says.
  behind(mail, { post: async () => {} });
  // @ts-expect-error The aggregate has another decider's event.
  aggregate(cart, "c1", otherEvents.Happened({ at: "now" }));
  // @ts-expect-error A view is no aggregate.
  aggregate(carts, "c1");
  // @ts-expect-error A view is no handler.
  givenHandler(carts);
  // @ts-expect-error A handler's test is given a stream's name with each fact.
  givenHandler(handler).when(added);
  const handled = givenHandler(handler).when(happened("cart-c1", added));
  // @ts-expect-error A handler sends commands, and no events.
  void handled.then(cartEvents.ItemAdded({ sku: "tea", quantity: 1 }));
  // @ts-expect-error Nothing is expected of it yet.
  await handled;
  // @ts-expect-error A handler that fails throws: its message is looked at, not a code.
  void handled.thenFails("cart_closed");
  // @ts-expect-error A module is of handlers, not of views.
  defineModule({ name: "cart", handlers: [carts] });
}
