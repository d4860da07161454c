import { shown } from "./fault.ts";
import { type Place, within } from "./place.ts";

/** Numbers between two bounds. */
interface Range {
  readonly low: number;
  readonly isLowIn: boolean;
  readonly high: number;
  readonly isHighIn: boolean;
}

const ALL: Range = { low: -Infinity, isLowIn: true, high: Infinity, isHighIn: true };

const LOWER = [">", ">="];
const UPPER = ["<", "<="];
const FORM = 'an operator and a number, such as [">", 0, "<=", 5], or ["=", 5]';

/** Reads what `numeric` takes: `=`, a bound, or a lower bound and then an upper one. */
export function readNumeric(value: unknown, place: Place): ((value: unknown) => boolean) | undefined {
  if (!Array.isArray(value) || (value.length !== 2 && value.length !== 4)) return place.faults.add(place.path, FORM, shown(value));
  const before = place.faults.found.length;
  const [first, low, second, high] = value as unknown[];
  checkOperator(first, within(place, 0), value.length === 2 ? ["=", ...LOWER, ...UPPER] : LOWER);
  checkNumber(low, within(place, 1));
  if (value.length === 4) {
    checkOperator(second, within(place, 2), UPPER);
    checkNumber(high, within(place, 3));
  }
  if (place.faults.found.length > before) return undefined;
  const range =
    value.length === 2 ? bounded(ALL, first as string, low as number) : bounded(bounded(ALL, first as string, low as number), second as string, high as number);
  if (range.low > range.high || (range.low === range.high && !(range.isLowIn && range.isHighIn)))
    return place.faults.add(place.path, "a lower bound below the upper one", shown(value));
  return (candidate) => typeof candidate === "number" && isIn(range, candidate);
}

function checkOperator(value: unknown, { path, faults }: Place, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) faults.add(path, `one of ${allowed.join(" ")}`, shown(value));
}

function checkNumber(value: unknown, { path, faults }: Place): void {
  if (typeof value !== "number" || !Number.isFinite(value)) faults.add(path, "a number", shown(value));
}

function bounded(range: Range, operator: string, bound: number): Range {
  const isIn = operator.endsWith("=");
  if (operator === "=") return { low: bound, isLowIn: true, high: bound, isHighIn: true };
  return LOWER.includes(operator) ? { ...range, low: bound, isLowIn: isIn } : { ...range, high: bound, isHighIn: isIn };
}

function isIn({ low, isLowIn, high, isHighIn }: Range, value: number): boolean {
  return (isLowIn ? value >= low : value > low) && (isHighIn ? value <= high : value < high);
}
