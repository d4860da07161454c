import { z } from "@hono/zod-openapi";
import { billOf } from "../../metrics/bill.ts";
import { BUCKETS, type Definition, definitionOf, METRIC_NAMES } from "../../metrics/definitions.ts";
import { EXPOSITION_TYPE, expositionOf } from "../../metrics/exposition.ts";
import { labelsOf, quantileOf, type Series, type Value } from "../../metrics/series.ts";
import { json } from "../answer.ts";
import type { Endpoint } from "../endpoint.ts";

const TAG = "Observability";

const labels = z.record(z.string(), z.string());
const numbered = z.strictObject({ labels, value: z.number() });
const histogram = z.strictObject({
  labels,
  count: z.int(),
  sum: z.number(),
  p50: z.number().describe("Estimated within its bucket, as Prometheus does"),
  p95: z.number(),
  p99: z.number(),
  buckets: z.array(z.strictObject({ le: z.number().nullable().describe("null: everything"), count: z.int() })).describe("Each counts those below it too"),
});
const metric = z
  .object({ name: z.string(), type: z.enum(["counter", "gauge", "histogram"]), help: z.string(), series: z.array(z.union([numbered, histogram])) })
  .openapi("Metric");
const bill = z
  .object({
    currency: z.literal("USD"),
    items: z.array(z.object({ item: z.string(), quantity: z.number(), dollars: z.number() })),
    total: z.number(),
  })
  .openapi("EstimatedBill", { description: "Estimated at list price from what was counted, since counting began" });

export const metricsJson: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/metrics",
  operationId: "getMetrics",
  scope: "metrics:read",
  summary: "The tenant's figures, and what its use comes to",
  tag: TAG,
  answers: { 200: { description: "All metrics that have a series", schema: z.object({ at: z.string(), metrics: z.array(metric), bill }) } },
  async handle({ services, principal }) {
    const series = await services.figures(principal.tenant);
    const items = [...billOf(series)];
    const total = items.reduce((sum, { dollars }) => sum + dollars, 0);
    return json({ at: new Date().toISOString(), metrics: shownMetrics(series), bill: { currency: "USD", items, total } }, 200, NOT_KEPT);
  },
};

export const metricsText: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/metrics",
  operationId: "getMetricsText",
  scope: "metrics:read",
  summary: "The tenant's figures for Prometheus to scrape",
  tag: TAG,
  answers: { 200: { description: "Prometheus' text format", others: { "text/plain": z.string() } } },
  async handle({ services, principal }) {
    return new Response(expositionOf(await services.figures(principal.tenant)), { headers: { "content-type": EXPOSITION_TYPE, ...NOT_KEPT } });
  },
};

const NOT_KEPT = { "cache-control": "no-store" };

function shownMetrics(series: Series): readonly z.output<typeof metric>[] {
  return METRIC_NAMES.toSorted().flatMap((name) => {
    const definition: Definition = definitionOf(name) as Definition;
    const own = Object.entries(series[name] ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
    if (own.length === 0) return [];
    return [{ name, type: definition.kind, help: definition.help, series: own.map(([key, value]) => shownValue(labelsOf(definition, key), value)) }];
  });
}

function shownValue(labels: Readonly<Record<string, string>>, value: Value): z.output<typeof numbered> | z.output<typeof histogram> {
  if (typeof value === "number") return { labels, value };
  let below = 0;
  const buckets = BUCKETS.map((le, index) => ({ le: le as number | null, count: (below += value.buckets[index] ?? 0) }));
  const at = (share: number): number => quantileOf(value, share) ?? 0;
  const { count, sum } = value;
  return { labels, count, sum, p50: at(0.5), p95: at(0.95), p99: at(0.99), buckets: [...buckets, { le: null, count }] };
}
