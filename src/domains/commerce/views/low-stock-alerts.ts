import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { restockEvents } from "../restock.ts";

const row = z.object({
  sku: z.string(),
  /** Whether it is still short. */
  open: z.boolean(),
  /** As it was when the alert was raised, or cleared. */
  available: z.int(),
  threshold: z.int().nullable(),
  /** How many pieces to order. */
  suggestedQuantity: z.int(),
  raisedAt: z.iso.datetime(),
  clearedAt: z.iso.datetime().nullable(),
  /** How often it ran short. */
  times: z.int(),
});

/** The view `low_stock_alerts`: what must be ordered, and how much of it? */
export const lowStockAlerts = defineProjection({
  name: "low_stock_alerts",
  version: 1,
  events: [restockEvents],
  key: "sku",
  row,
  on: {
    "commerce.LowStockAlertRaised": (row, { recorded, data: { available, threshold, suggestedQuantity } }) => ({
      open: true,
      available,
      threshold,
      suggestedQuantity,
      raisedAt: recorded,
      clearedAt: null,
      times: (row?.times ?? 0) + 1,
    }),
    "commerce.LowStockAlertCleared": (row, { recorded, data: { available, threshold } }) =>
      row && { ...row, open: false, available, threshold, suggestedQuantity: 0, clearedAt: recorded },
  },
});
