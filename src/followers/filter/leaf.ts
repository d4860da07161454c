import { shown } from "./fault.ts";
import { type Comparison, readOperator, type Scalar, type Test } from "./operators.ts";
import { type Place, within } from "./place.ts";
import { isPlainObject } from "./plain-object.ts";

/** What is asked of one field: a list of values and operators, of which one must hold. */
export interface Leaf extends Comparison {
  /** Whether it also holds where there is no value: `{ "exists": false }`. */
  readonly allowsAbsence: boolean;
  readonly path: Place["path"];
}

/** Reads the list at a field. What is wrong with it is told; what is right of it still counts. */
export function readLeaf(list: readonly unknown[], place: Place): Leaf {
  if (list.length === 0) place.faults.add(place.path, "a list with at least one value", "[]");
  const exact = new Set<Scalar>();
  const comparisons: Comparison[] = [];
  let allowsAbsence = false;
  for (const [i, item] of list.entries()) {
    if (isScalar(item)) exact.add(item);
    else if (isExistence(item, false)) allowsAbsence = true;
    else comparisons.push(...readItem(item, within(place, i)));
  }
  if (exact.size > 0) comparisons.unshift({ test: exactly(exact), values: exact.size, steps: 1 });
  return {
    test: oneOf(comparisons.map(({ test }) => test)),
    values: comparisons.reduce((sum, { values }) => sum + values, allowsAbsence ? 1 : 0),
    steps: comparisons.reduce((sum, { steps }) => sum + steps, 0),
    allowsAbsence,
    path: place.path,
  };
}

/** A value of JSON that is neither object nor list. */
function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value)) || typeof value === "boolean" || value === null;
}

function readItem(item: unknown, place: Place): readonly Comparison[] {
  if (!isPlainObject(item)) {
    place.faults.add(place.path, "a text, a number, true, false, null or an operator", shown(item));
    return [];
  }
  if (isExistence(item, true)) return [{ test: () => true, values: 1, steps: 1 }];
  if (Object.keys(item).length === 1 && Object.hasOwn(item, "exists")) {
    place.faults.add([...place.path, "exists"], "true or false", shown(item.exists));
    return [];
  }
  const comparison = readOperator(item, place);
  return comparison === undefined ? [] : [comparison];
}

function isExistence(item: unknown, exists: boolean): boolean {
  return isPlainObject(item) && Object.keys(item).length === 1 && Object.hasOwn(item, "exists") && item.exists === exists;
}

function exactly(values: ReadonlySet<Scalar>): Test {
  const [only] = values;
  return values.size === 1 ? (value) => value === only : (value) => values.has(value);
}

function oneOf(tests: readonly Test[]): Test {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (value) => tests.some((test) => test(value));
}
