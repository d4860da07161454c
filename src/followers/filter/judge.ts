import type { Leaf } from "./leaf.ts";
import { meter } from "./meter.ts";
import type { Scalar } from "./operators.ts";
import type { Rule, Term } from "./rule.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** It does not hold; it holds, but only because something is not there; it holds of something that is there. */
const [FAILS, IS_ABSENT, HOLDS] = [0, 1, 2] as const;
type Verdict = typeof FAILS | typeof IS_ABSENT | typeof HOLDS;

/** Steps that a pattern has for one event, about half a second of them. A step is a term looked at, or a value compared. */
export const MOST_STEPS = 10_000_000;

const NOTHING: JsonObject = {};

/**
 * Whether a rule holds of an event, as in AWS's own matcher (github.com/aws/event-ruler, "JSON Array Matching"): lists in lists are
 * as one list, and what is asked of the objects in a list must hold of one and the same of them. Where nothing that is there chose an
 * element, what must be absent must be absent from all of them.
 *
 * An element's verdict is final, for terms share no field: nothing has to be tried again. So it takes time in the product of event and
 * rule at most, and levels of the stack as the pattern has them; and of that product it takes a limited part.
 */
export function holds(rule: Rule, event: JsonObject): boolean {
  meter.begin(MOST_STEPS);
  return judge(rule, event) !== FAILS;
}

function judge(rule: Rule, object: JsonObject): Verdict {
  let verdict: Verdict = IS_ABSENT;
  for (const term of rule) {
    const one = judgeTerm(term, object);
    if (one === FAILS) return FAILS;
    if (one === HOLDS) verdict = HOLDS;
  }
  return verdict;
}

function judgeTerm(term: Term, object: JsonObject): Verdict {
  meter.spend(1);
  switch (term.kind) {
    case "values":
      return judgeValues(term.leaf, own(object, term.name));
    case "objects":
      return judgeObjects(term, own(object, term.name));
    case "choice":
      return judgeChoice(term.rules, object);
  }
}

function judgeChoice(rules: readonly Rule[], object: JsonObject): Verdict {
  let best: Verdict = FAILS;
  for (const rule of rules) {
    const verdict = judge(rule, object);
    if (verdict === HOLDS) return HOLDS;
    if (verdict === IS_ABSENT) best = IS_ABSENT;
  }
  return best;
}

function judgeValues(leaf: Leaf, value: unknown): Verdict {
  if (isValue(value)) return passes(leaf, value) ? HOLDS : FAILS;
  const values = Array.isArray(value) ? itemsOf(value).filter(isValue) : [];
  if (values.length === 0) return leaf.allowsAbsence ? IS_ABSENT : FAILS;
  return values.some((item) => passes(leaf, item)) ? HOLDS : FAILS;
}

function passes({ test, steps }: Leaf, value: Scalar): boolean {
  meter.spend(steps);
  return test(value);
}

function judgeObjects({ rule, mayBeAbsent }: Extract<Term, { kind: "objects" }>, value: unknown): Verdict {
  if (!Array.isArray(value)) return judge(rule, isObject(value) ? value : NOTHING);
  const objects = objectsOf(value);
  if (objects.some((object) => judge(rule, object) === HOLDS)) return HOLDS;
  return mayBeAbsent && isAbsent(rule, objects) ? IS_ABSENT : FAILS;
}

/** Whether nothing that the rule asks for is in any of the objects, and the rule is content with that. */
function isAbsent(rule: Rule, objects: readonly JsonObject[]): boolean {
  return rule.every((term) => {
    meter.spend(objects.length);
    if (term.kind === "choice") return term.rules.some((rule) => isAbsent(rule, objects));
    if (term.kind === "values") return term.leaf.allowsAbsence && objects.every((object) => judgeValues(term.leaf, own(object, term.name)) === IS_ABSENT);
    return isAbsent(
      term.rule,
      objects.flatMap((object) => objectsOf(own(object, term.name))),
    );
  });
}

/** The objects that stand there: one, or those of a list. */
function objectsOf(value: unknown): readonly JsonObject[] {
  if (Array.isArray(value)) return itemsOf(value).filter(isObject);
  return isObject(value) ? [value] : [];
}

/** The items of a list that are no lists, however deep; the list itself where it has no lists. */
function itemsOf(list: readonly unknown[]): readonly unknown[] {
  meter.spend(list.length);
  if (!list.some(Array.isArray)) return list;
  const items: unknown[] = [];
  const open: unknown[] = [list];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) for (const item of next) open.push(item);
    else items.push(next);
  }
  meter.spend(items.length);
  return items;
}

function isValue(value: unknown): value is Scalar {
  return value === null || (typeof value !== "object" && value !== undefined);
}

/** A name such as `__proto__` is one as any other. */
function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
