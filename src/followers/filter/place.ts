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
