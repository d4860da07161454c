import { Faults, type FilterFault, shown } from "./fault.ts";
import { type Leaf, readLeaf } from "./leaf.ts";
import { type Place, within } from "./place.ts";
import { isPlainObject } from "./plain-object.ts";

/** The objects of a pattern as they were written: conditions that must all hold, and choices of which one must. */
export interface Conditions {
  readonly fields: ReadonlyMap<string, Field>;
  readonly choices: readonly (readonly Conditions[])[];
}

/** What is asked of a field's values, or of the objects there. */
export type Field = { readonly leaf: Leaf } | { readonly inner: Conditions; readonly path: FilterFault["path"] };

/** The longest pattern, as JSON in UTF-8. */
const MOST_BYTES = 4_096;

/** The deepest pattern, lists and objects counted. */
const MOST_LEVELS = 32;

/** The name under which choices stand. */
const CHOICE = "$or";

/** Reads a pattern that came as JSON. */
export function readPattern(
  value: unknown,
): { readonly ok: true; readonly conditions: Conditions } | { readonly ok: false; readonly faults: readonly FilterFault[] } {
  const faults = new Faults();
  const place: Place = { path: [], faults };
  // Before anything that recurses without a bound.
  const deep = tooDeep(value, [], MOST_LEVELS);
  if (deep !== undefined) faults.add(deep, `at most ${MOST_LEVELS} levels of objects and lists`, "more");
  else checkSize(value, place);
  const conditions = faults.found.length === 0 ? readConditions(value, place) : undefined;
  if (conditions === undefined || faults.found.length > 0) return { ok: false, faults: faults.found };
  return { ok: true, conditions };
}

/** The path of the first value that lies too deep. Ends also on an object that contains itself. */
function tooDeep(value: unknown, path: FilterFault["path"], levels: number): FilterFault["path"] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (levels === 0) return path;
  const parts: Iterable<readonly [string | number, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [part, item] of parts) {
    const deep = tooDeep(item, [...path, part], levels - 1);
    if (deep !== undefined) return deep;
  }
  return undefined;
}

function checkSize(value: unknown, { path, faults }: Place): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    faults.add(path, "a pattern of JSON", "something that is no JSON");
    return;
  }
  const bytes = new TextEncoder().encode(text ?? "").length;
  if (bytes > MOST_BYTES) faults.add(path, `a pattern of at most ${MOST_BYTES} bytes of JSON`, `${bytes}`);
}

function readConditions(value: unknown, place: Place): Conditions | undefined {
  if (!isPlainObject(value) || Object.keys(value).length === 0) return place.faults.add(place.path, "an object that names at least one field", shown(value));
  const fields = new Map<string, Field>();
  const choices: (readonly Conditions[])[] = [];
  for (const [name, item] of Object.entries(value)) {
    const at = within(place, name);
    if (name === CHOICE) choices.push(readChoice(item, at));
    else if (Array.isArray(item)) fields.set(name, { leaf: readLeaf(item, at) });
    else if (!isPlainObject(item)) at.faults.add(at.path, "a list of values, or an object of fields", shown(item));
    else {
      const inner = readConditions(item, at);
      if (inner !== undefined) fields.set(name, { inner, path: at.path });
    }
  }
  return { fields, choices };
}

function readChoice(value: unknown, place: Place): readonly Conditions[] {
  if (!Array.isArray(value) || value.length < 2) {
    place.faults.add(place.path, "a list of at least two patterns to choose from", shown(value));
    return [];
  }
  return value.flatMap((item: unknown, i) => readConditions(item, within(place, i)) ?? []);
}
