import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { orderLifecycleEvents } from "../order-lifecycle.ts";

const at = z.iso.datetime().nullable();
const took = z.int().nullable();
const row = z.object({
  orderId: z.string(),
  outcome: z.enum(["open", "delivered", "cancelled"]),
  placedAt: at,
  confirmedAt: at,
  shippedAt: at,
  deliveredAt: at,
  cancelledAt: at,
  /** Milliseconds since the step before. */
  toConfirmMs: took,
  toShipMs: took,
  toDeliverMs: took,
  /** Milliseconds from being placed to being delivered, or cancelled. */
  totalMs: took,
  /** Whether a step took longer than it should, and which ones. */
  late: z.boolean(),
  lateSteps: z.array(z.string()),
});
type Metrics = Omit<z.output<typeof row>, "orderId">;

/** The view `order_metrics`: how long does an order take, and where is it late? */
export const orderMetrics = defineProjection({
  name: "order_metrics",
  version: 1,
  events: [orderLifecycleEvents],
  key: "orderId",
  row,
  on: {
    "commerce.lifecycle.StepReached"(row: Metrics = NOTHING, { data: { step, at, sincePlacedMs, sincePreviousMs } }) {
      const times: Readonly<Record<typeof step, Partial<Metrics>>> = {
        placed: { placedAt: at },
        confirmed: { confirmedAt: at, toConfirmMs: sincePreviousMs },
        shipped: { shippedAt: at, toShipMs: sincePreviousMs },
        delivered: { deliveredAt: at, toDeliverMs: sincePreviousMs, totalMs: sincePlacedMs, outcome: "delivered" },
        cancelled: { cancelledAt: at, totalMs: sincePlacedMs, outcome: "cancelled" },
      };
      return { ...row, ...times[step] };
    },
    "commerce.OrderDelayed": (row: Metrics = NOTHING, { data }) => ({ ...row, late: true, lateSteps: [...row.lateSteps, data.step] }),
  },
});

const NOTHING: Metrics = {
  outcome: "open",
  placedAt: null,
  confirmedAt: null,
  shippedAt: null,
  deliveredAt: null,
  cancelledAt: null,
  toConfirmMs: null,
  toShipMs: null,
  toDeliverMs: null,
  totalMs: null,
  late: false,
  lateSteps: [],
};
