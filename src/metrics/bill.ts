import type { MetricName } from "./definitions.ts";
import type { Series } from "./series.ts";

/** What is billed: by what it is counted, and its list price in dollars a million. */
interface Item {
  readonly item: string;
  readonly counted: readonly MetricName[];
  readonly dollarsPerMillion: number;
}

/**
 * List prices beyond what the Workers Paid plan includes (November 2026): https://developers.cloudflare.com/workers/platform/pricing/,
 * …/durable-objects/platform/pricing/, …/d1/platform/pricing/, …/queues/platform/pricing/. Left out: rows read, processor time, the
 * objects' calls and duration, storage.
 */
const ITEMS: readonly Item[] = [
  { item: "requests", counted: ["rivulet_requests_total"], dollarsPerMillion: 0.3 },
  { item: "object_rows_written", counted: ["rivulet_object_rows_written_total"], dollarsPerMillion: 1 },
  { item: "database_rows_written", counted: ["rivulet_log_rows_written_total", "rivulet_view_rows_written_total"], dollarsPerMillion: 1 },
  { item: "queue_operations", counted: ["rivulet_queue_operations_total"], dollarsPerMillion: 0.4 },
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
