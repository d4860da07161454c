import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { inventoryEvents } from "../inventory.ts";

const row = z.object({
  /** The event's own id. */
  movementId: z.string(),
  sku: z.string(),
  kind: z.enum(["received", "reserved", "released", "committed", "returned", "adjusted"]),
  /** Pieces, up or down: of what can be promised, and of what is promised already. */
  available: z.int(),
  reserved: z.int(),
  orderId: z.string().nullable(),
  /** Of an adjustment. */
  reason: z.string().nullable(),
  at: z.iso.datetime(),
});
type Movement = Omit<z.output<typeof row>, "movementId">;

/** The view `stock_movements`: what came in, what went out, for whom and why? A row for each movement, which never changes again. */
export const stockMovements = defineProjection({
  name: "stock_movements",
  version: 1,
  events: [inventoryEvents],
  key: "movementId",
  row,
  keyOf: {
    "commerce.StockReceived": ({ eventId }) => eventId,
    "commerce.StockReserved": ({ eventId }) => eventId,
    "commerce.StockReleased": ({ eventId }) => eventId,
    "commerce.StockCommitted": ({ eventId }) => eventId,
    "commerce.StockReturned": ({ eventId }) => eventId,
    "commerce.StockAdjusted": ({ eventId }) => eventId,
  },
  without: "nothing",
  on: {
    "commerce.StockReceived": (_, event) => moved(event, { kind: "received", available: event.data.quantity, reserved: 0 }),
    "commerce.StockReserved": (_, event) =>
      moved(event, { kind: "reserved", available: -event.data.quantity, reserved: event.data.quantity, orderId: event.data.orderId }),
    "commerce.StockReleased": (_, event) =>
      moved(event, { kind: "released", available: event.data.quantity, reserved: -event.data.quantity, orderId: event.data.orderId }),
    "commerce.StockCommitted": (_, event) => moved(event, { kind: "committed", available: 0, reserved: -event.data.quantity, orderId: event.data.orderId }),
    "commerce.StockReturned": (_, event) => moved(event, { kind: "returned", available: event.data.quantity, reserved: 0, orderId: event.data.orderId }),
    "commerce.StockAdjusted": (_, event) => moved(event, { kind: "adjusted", available: event.data.delta, reserved: 0, reason: event.data.reason }),
  },
});

type Moved = Pick<Movement, "kind" | "available" | "reserved"> & Partial<Movement>;

function moved({ id, recorded }: { readonly id: string; readonly recorded: string }, movement: Moved): Movement {
  return { orderId: null, reason: null, ...movement, sku: id, at: recorded };
}
