import { BUCKETS, type Definition, definitionOf, METRIC_NAMES } from "./definitions.ts";
import { labelsOf, type Series, type Value } from "./series.ts";

/** What a scrape is answered with: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Series as Prometheus reads them, metrics in the order of their names. A metric without series is left out. */
export function expositionOf(series: Series): string {
  return METRIC_NAMES.toSorted()
    .map((name) => textOf(name, definitionOf(name) as Definition, series[name] ?? {}))
    .join("");
}

function textOf(name: string, definition: Definition, own: Readonly<Record<string, Value>>): string {
  const lines = Object.keys(own)
    .sort()
    .flatMap((key) => linesOf(name, labelsOf(definition, key), own[key] as Value));
  if (lines.length === 0) return "";
  return [`# HELP ${name} ${definition.help}`, `# TYPE ${name} ${definition.kind}`, ...lines, ""].join("\n");
}

function linesOf(name: string, labels: Readonly<Record<string, string>>, value: Value): readonly string[] {
  if (typeof value === "number") return [`${name}${labelText(labels)} ${value}`];
  let below = 0;
  const buckets = BUCKETS.map((bound, index) => `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${(below += value.buckets[index] ?? 0)}`);
  return [
    ...buckets,
    `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${value.count}`,
    `${name}_sum${labelText(labels)} ${value.sum}`,
    `${name}_count${labelText(labels)} ${value.count}`,
  ];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
