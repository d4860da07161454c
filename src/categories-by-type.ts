import type { Decider } from "./kernel/index.ts";

/** Which categories' deciders declare each event type. */
export function categoriesByType(deciders: readonly Decider[]): ReadonlyMap<string, ReadonlySet<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { category, forms } of deciders) for (const type of forms.keys()) owners.set(type, (owners.get(type) ?? new Set()).add(category));
  return owners;
}
