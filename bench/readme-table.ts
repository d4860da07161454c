import type { Report } from "./report.ts";

/** README's table of a run: ratios, for they mean the same on any machine, and what an event costs. */
export function benchTable({ figures, costs }: Report): string {
  const number = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(value < 100 ? 2 : 0));
  const speed = figures.map(
    ({ name, ratios, latency }) =>
      `| ${[name, number(ratios.hello), number(ratios.insert), number(ratios.constant), latency === undefined || latency === null ? "" : `${latency.p50.toFixed(1)} / ${latency.p99.toFixed(1)}`].join(" | ")} |`,
  );
  const bill = costs.map(({ name, dollarsPerMillion }) => `| ${name} | $${dollarsPerMillion.toFixed(2)} |`);
  return [
    "| figure | × hello | × insert | × constant | p50 / p99 (ms) |",
    "| --- | --- | --- | --- | --- |",
    ...speed,
    "",
    "| a million events, at list price | |",
    "| --- | --- |",
    ...bill,
  ].join("\n");
}
