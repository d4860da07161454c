import type { MetricName } from "./definitions.ts";
import { DOLLARS_PER_MILLION } from "./prices.ts";
import type { Series } from "./series.ts";

/** What is billed: by what it is counted, and its list price in dollars a million. */
interface Item {
  readonly item: string;
  readonly counted: readonly MetricName[];
  readonly dollarsPerMillion: number;
}

/**
 * What is counted of what is billed. Left out is what nobody counts by tenant: rows read, what deliveries and figures write in their
 * objects, live connections' messages, the queue's deliveries to the worker, processor time, the objects' duration, storage, and traces.
 */
const ITEMS: readonly Item[] = [
  { item: "requests", counted: ["rivulet_requests_total"], dollarsPerMillion: DOLLARS_PER_MILLION.requests },
  { item: "object_requests", counted: ["rivulet_object_requests_total"], dollarsPerMillion: DOLLARS_PER_MILLION.objectRequests },
  { item: "object_rows_written", counted: ["rivulet_object_rows_written_total"], dollarsPerMillion: DOLLARS_PER_MILLION.rowsWritten },
  {
    item: "database_rows_written",
    counted: ["rivulet_log_rows_written_total", "rivulet_view_rows_written_total"],
    dollarsPerMillion: DOLLARS_PER_MILLION.rowsWritten,
  },
  { item: "queue_operations", counted: ["rivulet_queue_operations_total"], dollarsPerMillion: DOLLARS_PER_MILLION.queueOperations },
];

/** A line of a tenant's bill. */
export interface BillLine {
  readonly item: string;
  readonly quantity: number;
  readonly dollars: number;
}

/** What a tenant's use comes to, estimated from what was counted. */
export function billOf(series: Series): readonly BillLine[] {
  return ITEMS.map(({ item, counted, dollarsPerMillion }) => {
    const quantity = counted
      .flatMap((name) => Object.values(series[name] ?? {}))
      .reduce<number>((sum, value) => sum + (typeof value === "number" ? value : 0), 0);
    return { item, quantity, dollars: (quantity * dollarsPerMillion) / 1_000_000 };
  });
}
