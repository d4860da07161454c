import type { Faults, FilterFault } from "./fault.ts";

/** Where a reader of a pattern is, and where it tells what is wrong. */
export interface Place {
  readonly path: FilterFault["path"];
  readonly faults: Faults;
}

/** The place of a part. */
export function within({ path, faults }: Place, part: string | number): Place {
  return { path: [...path, part], faults };
}

/** An object as JSON has them: no list, no null, nothing with a class of its own. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
