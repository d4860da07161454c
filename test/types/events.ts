// What must not compile about events: each line below an `@ts-expect-error` is an error of types, and tsc fails where one is not.
import { z } from "zod";
import { defineEvents, event, past } from "../../src/kernel/index.ts";

export const cartEvents = defineEvents("cart", {
  ItemAdded: z.object({ sku: z.string(), quantity: z.int() }),
  CheckedOut: event(z.object({ total: z.int() }), { type: "shop.CheckedOut", was: [past(z.object({ sum: z.int() }), ({ sum }) => ({ total: sum }))] }),
});

cartEvents.ItemAdded({ sku: "tea", quantity: 1 });

// @ts-expect-error The data lacks a field.
cartEvents.ItemAdded({ sku: "tea" });
// @ts-expect-error The data has a field of another type.
cartEvents.ItemAdded({ sku: "tea", quantity: "1" });
// @ts-expect-error The data has a field too many.
cartEvents.ItemAdded({ sku: "tea", quantity: 1, price: 1 });
// @ts-expect-error There is no data.
cartEvents.ItemAdded();
// @ts-expect-error The data is of a form that is no longer written.
cartEvents.CheckedOut({ sum: 1 });
// @ts-expect-error There is no such event.
cartEvents.ItemRemoved({ sku: "tea" });
// @ts-expect-error An event that names its type has that and no other.
export const type: "cart.CheckedOut" = cartEvents.CheckedOut({ total: 1 }).type;
// @ts-expect-error A fact is not changed.
cartEvents.ItemAdded({ sku: "tea", quantity: 1 }).type = "cart.ItemAdded";
// @ts-expect-error A declaration is a schema, not a type's name.
defineEvents("cart", { ItemAdded: "object" });
// @ts-expect-error An upcaster reads the past form's fields and no others.
past(z.object({ sum: z.int() }), ({ total }) => ({ total }));
// @ts-expect-error The forms that an event had are past forms, not bare schemas.
event(z.object({ total: z.int() }), { was: [z.object({ sum: z.int() })] });
