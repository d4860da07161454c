/** The percentiles that are shown, in the unit of what was measured. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
}

/** Exact percentiles by the nearest rank: the smallest value that at least so many are not above. Undefined of nothing. */
export function percentiles(values: readonly number[]): Percentiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const rank = (share: number): number => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] as number;
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), p999: rank(0.999) };
}

/** The mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How a figure stands against the last run: the same within the tolerance, better, worse, or not in it. */
export type Mark = "=" | "+" | "-" | "?";

/** Compares two ratios, of which the larger is the better. The tolerance is a part of the earlier one. */
export function markOf(now: number, before: number | undefined, tolerance = 0.15): Mark {
  if (before === undefined || !Number.isFinite(now) || before <= 0) return "?";
  const change = now / before - 1;
  if (Math.abs(change) <= tolerance) return "=";
  return change > 0 ? "+" : "-";
}
