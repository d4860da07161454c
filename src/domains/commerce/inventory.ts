import { z } from "zod";
import { defineDecider, defineEvents, type NewFact, reject } from "../../kernel/index.ts";
import { orderId, quantity, reason } from "./goods.ts";

const forOrder = z.object({ orderId, quantity });
const adjustment = z.object({ delta: z.int().min(-1_000_000).max(1_000_000), reason });
/** Orders of which it is remembered what has left for them: of one that was forgotten nothing comes back by itself. */
const MOST_ORDERS = 200;
const threshold = z.int().min(0).max(1_000_000);

/** What happens to the stock of one sku. */
export const inventoryEvents = defineEvents("commerce", {
  StockReceived: z.object({ quantity }),
  StockReserved: forOrder,
  StockReleased: forOrder,
  StockCommitted: forOrder,
  StockReturned: forOrder,
  StockAdjusted: adjustment,
  LowStockThresholdSet: z.object({ threshold }),
  LowStockReached: z.object({ available: z.int(), threshold }),
});

/** The stock of one sku, in pieces. */
export interface Inventory {
  /** What can still be promised. */
  readonly available: number;
  /** What is promised to orders and has not left. */
  readonly reserved: number;
  /** What each order has reserved. */
  readonly reservations: Readonly<Record<string, number>>;
  /** What has left for the last orders; left out while nothing has. */
  readonly lately?: readonly z.output<typeof forOrder>[];
  /** Left out until somebody sets it: then nothing is ever low. */
  readonly threshold?: number;
  /** LowStockReached was said, and the stock has not been above its threshold since. */
  readonly isSaidLow: boolean;
}

/** The aggregate `inventory`; its id is the sku. It is there without being made, with nothing in stock. */
export const inventory = defineDecider({
  category: "inventory",
  events: inventoryEvents,
  commands: {
    Receive: z.object({ quantity }),
    Reserve: forOrder,
    Release: z.object({ orderId }),
    Commit: z.object({ orderId }),
    Return: z.object({ orderId }),
    TakeBack: z.object({ orderId }),
    Adjust: adjustment,
    SetLowStockThreshold: z.object({ threshold }),
  },
  initialState: (): Inventory => ({ available: 0, reserved: 0, reservations: {}, isSaidLow: false }),
  evolve: {
    StockReceived: (stock, { data }) => changed(stock, { available: stock.available + data.quantity }),
    StockReserved: (stock, { data: { orderId, quantity } }) =>
      changed(stock, {
        available: stock.available - quantity,
        reserved: stock.reserved + quantity,
        reservations: { ...stock.reservations, [orderId]: quantity },
      }),
    StockReleased: (stock, { data: { orderId, quantity } }) =>
      changed(stock, {
        available: stock.available + quantity,
        reserved: stock.reserved - quantity,
        reservations: without(stock.reservations, orderId),
      }),
    StockCommitted: (stock, { data: { orderId, quantity } }) =>
      changed(stock, {
        reserved: stock.reserved - quantity,
        reservations: without(stock.reservations, orderId),
        lately: [...(stock.lately ?? []), { orderId, quantity }].slice(-MOST_ORDERS),
      }),
    StockReturned: (stock, { data: { orderId, quantity } }) =>
      changed(stock, { available: stock.available + quantity, lately: (stock.lately ?? []).filter((left) => left.orderId !== orderId) }),
    StockAdjusted: (stock, { data }) => changed(stock, { available: stock.available + data.delta }),
    LowStockThresholdSet: (stock, { data }) => changed(stock, { threshold: data.threshold }),
    LowStockReached: (stock) => ({ ...stock, isSaidLow: true }),
  },
  decide: {
    Receive: ({ data }) => inventoryEvents.StockReceived(data),
    Reserve({ data }, stock) {
      const reserved = reservedFor(stock, data.orderId);
      if (reserved === data.quantity) return [];
      if (reserved > 0) return reject("already_reserved", `The order has reserved ${reserved} already: release them before it reserves another number.`);
      if (stock.available < data.quantity) return insufficient(stock, data.quantity);
      return withLowStock(stock, inventoryEvents.StockReserved(data), stock.available - data.quantity);
    },
    Release: ({ data: { orderId } }, stock) => released(stock, orderId),
    Commit({ data: { orderId } }, stock) {
      const quantity = reservedFor(stock, orderId);
      return quantity === 0 ? [] : inventoryEvents.StockCommitted({ orderId, quantity });
    },
    Return: ({ data: { orderId } }, stock) => returned(stock, orderId),
    // Both in one decision: between two of them what is reserved could leave.
    TakeBack: ({ data: { orderId } }, stock) => [...released(stock, orderId), ...returned(stock, orderId)],
    Adjust({ data }, stock) {
      if (data.delta === 0) return [];
      if (stock.available + data.delta < 0) return insufficient(stock, -data.delta);
      return withLowStock(stock, inventoryEvents.StockAdjusted(data), stock.available + data.delta);
    },
    SetLowStockThreshold: ({ data }, stock) => (stock.threshold === data.threshold ? [] : inventoryEvents.LowStockThresholdSet(data)),
  },
  show: ({ available, reserved, reservations, threshold }) => ({
    available,
    reserved,
    reservations,
    threshold: threshold ?? null,
    low: isLow(available, threshold),
  }),
});

function changed(stock: Inventory, change: Partial<Inventory>): Inventory {
  const next = { ...stock, ...change };
  return { ...next, isSaidLow: stock.isSaidLow && isLow(next.available, next.threshold) };
}

/** Whether so much is at or below the threshold; never without one. */
export function isLow(available: number, threshold: number | null | undefined): boolean {
  return typeof threshold === "number" && available <= threshold;
}

function released(stock: Inventory, orderId: string): readonly NewFact[] {
  const quantity = reservedFor(stock, orderId);
  return quantity === 0 ? [] : [inventoryEvents.StockReleased({ orderId, quantity })];
}

function returned({ lately = [] }: Inventory, orderId: string): readonly NewFact[] {
  const quantity = lately.reduce((sum, left) => sum + (left.orderId === orderId ? left.quantity : 0), 0);
  return quantity === 0 ? [] : [inventoryEvents.StockReturned({ orderId, quantity })];
}

/** The alert goes with what made the stock fall, in one append: nobody sees the one without the other. */
function withLowStock(stock: Inventory, fact: NewFact, available: number): readonly NewFact[] {
  const { threshold, isSaidLow } = stock;
  if (threshold === undefined || isSaidLow || available >= stock.available || available > threshold) return [fact];
  return [fact, inventoryEvents.LowStockReached({ available, threshold })];
}

function insufficient({ available }: Inventory, wanted: number): ReturnType<typeof reject> {
  return reject("insufficient_stock", `Expected at least ${wanted} available, got ${available}: receive goods first, or take fewer.`);
}

// An order may be called `constructor`: only what stands in the record itself counts.
function reservedFor({ reservations }: Inventory, orderId: string): number {
  return Object.hasOwn(reservations, orderId) ? (reservations[orderId] ?? 0) : 0;
}

function without(reservations: Readonly<Record<string, number>>, orderId: string): Readonly<Record<string, number>> {
  const { [orderId]: _, ...others } = reservations;
  return others;
}
