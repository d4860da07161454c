// What must not compile about projections: each line below an `@ts-expect-error` is an error of types, and tsc fails where one is not.
import { z } from "zod";
import { defineProjection } from "../../src/kernel/index.ts";
import { cartEvents } from "./events.ts";

const row = z.object({ cartId: z.string(), items: z.int(), status: z.enum(["open", "closed"]) });
const basis = { name: "carts", version: 1, events: [cartEvents], key: "cartId", row } as const;

export const carts = defineProjection({
  ...basis,
  search: ["status"],
  on: {
    "cart.ItemAdded": (row, { data }) => ({ items: (row?.items ?? 0) + data.quantity, status: "open" }),
    "shop.CheckedOut": (row) => row && { ...row, status: "closed" },
  },
});

// @ts-expect-error A handler is of an event that the sets do not have.
defineProjection({ ...basis, on: { "cart.ItemRemoved": () => undefined } });
// @ts-expect-error A handler goes by the name of an event, not by its full type.
defineProjection({ ...basis, on: { ItemAdded: () => undefined } });
// @ts-expect-error A row lacks a column.
defineProjection({ ...basis, on: { "cart.ItemAdded": () => ({ items: 1 }) } });
// @ts-expect-error A row has a column of another type.
defineProjection({ ...basis, on: { "cart.ItemAdded": () => ({ items: "1", status: "open" }) } });
// @ts-expect-error A row has a value that its column does not know.
defineProjection({ ...basis, on: { "cart.ItemAdded": () => ({ items: 1, status: "paid" }) } });
// @ts-expect-error A handler reads a field that the event does not have.
defineProjection({ ...basis, on: { "cart.ItemAdded": (_, { data }) => ({ items: data.price, status: "open" }) } });
// @ts-expect-error A handler forgets that there may be no row yet.
defineProjection({ ...basis, on: { "shop.CheckedOut": (row) => ({ items: row.items, status: "closed" }) } });
// @ts-expect-error A handler gives its row at once: there is no awaiting in it.
defineProjection({ ...basis, on: { "shop.CheckedOut": async (row) => row } });
// @ts-expect-error The key is no column.
defineProjection({ ...basis, key: "orderId", on: {} });
// @ts-expect-error What is searched is no column.
defineProjection({ ...basis, search: ["name"], on: {} });
// @ts-expect-error The key of a row is a text.
defineProjection({ ...basis, keyOf: { "cart.ItemAdded": ({ data }) => data.quantity }, without: "nothing", on: {} });
// @ts-expect-error A key is of an event that the sets do not have.
defineProjection({ ...basis, keyOf: { "cart.ItemRemoved": ({ id }) => id }, without: "nothing", on: {} });
// @ts-expect-error Nothing is said of what a purge leaves of rows whose keys are of its own making.
defineProjection({ ...basis, keyOf: { "shop.CheckedOut": () => "all" }, on: {} });
// @ts-expect-error What is left of a row without a stream lacks a column.
defineProjection({ ...basis, keyOf: { "shop.CheckedOut": () => "all" }, without: (row, part) => ({ items: row.items - part.items }), on: {} });
// @ts-expect-error The rows are those of the streams' ids, and go with them.
defineProjection({ ...basis, without: "nothing", on: {} });
// @ts-expect-error A row is an object of columns.
defineProjection({ ...basis, row: z.string(), on: {} });
// @ts-expect-error There is no version: what changes would not be folded again.
defineProjection({ name: "carts", events: [cartEvents], key: "cartId", row, on: {} });
