import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { inventoryEvents, isLow } from "../inventory.ts";

const row = z.object({
  sku: z.string(),
  available: z.int(),
  reserved: z.int(),
  /** Null until somebody sets it. */
  threshold: z.int().nullable(),
  /** At or below the threshold; false without one. */
  low: z.boolean(),
});

type Stock = Omit<z.output<typeof row>, "sku">;

/** The view `stock`: what can be sold, and what runs short? */
export const stock = defineProjection({
  name: "stock",
  version: 1,
  events: [inventoryEvents],
  key: "sku",
  row,
  on: {
    "commerce.StockReceived": (row, { data: { quantity } }) => moved(row, quantity, 0),
    "commerce.StockReserved": (row, { data: { quantity } }) => moved(row, -quantity, quantity),
    "commerce.StockReleased": (row, { data: { quantity } }) => moved(row, quantity, -quantity),
    "commerce.StockCommitted": (row, { data: { quantity } }) => moved(row, 0, -quantity),
    "commerce.StockReturned": (row, { data: { quantity } }) => moved(row, quantity, 0),
    "commerce.StockAdjusted": (row, { data: { delta } }) => moved(row, delta, 0),
    "commerce.LowStockThresholdSet": (row, { data: { threshold } }) => moved({ ...(row ?? NOTHING), threshold }, 0, 0),
  },
});

const NOTHING: Stock = { available: 0, reserved: 0, threshold: null, low: false };

function moved(row: Stock = NOTHING, toAvailable: number, toReserved: number): Stock {
  const available = row.available + toAvailable;
  return { ...row, available, reserved: row.reserved + toReserved, low: isLow(available, row.threshold) };
}
