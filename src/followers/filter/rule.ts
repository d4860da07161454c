import { Faults, type FilterFault } from "./fault.ts";
import type { Leaf } from "./leaf.ts";
import type { Conditions, Field } from "./pattern.ts";

/** Terms that must all hold of one object. No two of them speak of the same field, so each can be judged by itself. */
export type Rule = readonly Term[];

/** A field's values, the objects at a field (and whether the rule is content where there are none), or one of several rules. */
export type Term =
  | { readonly kind: "values"; readonly name: string; readonly leaf: Leaf }
  | { readonly kind: "objects"; readonly name: string; readonly rule: Rule; readonly mayBeAbsent: boolean }
  | { readonly kind: "choice"; readonly rules: readonly Rule[] };

/** With how many values a rule may compare: what it costs to judge an event is at most its size times that. */
const MOST_VALUES = 1_000;

/**
 * A pattern as a rule.
 *
 * Conditions on one field must stand together, since in a list they must hold of the same element. A choice that shares a field with
 * what stands beside it is therefore multiplied out, branch by branch; any other stays as it is. `{ "$or": […] }` beside `{ "$or": […] }`
 * would grow without a bound, so what comes out may compare with 1,000 values at most.
 */
export function ruleOf(conditions: Conditions): { readonly ok: true; readonly rule: Rule } | { readonly ok: false; readonly faults: readonly FilterFault[] } {
  const faults = new Faults();
  const rule = new Composition(faults).all([conditions]);
  return faults.found.length === 0 ? { ok: true, rule } : { ok: false, faults: faults.found };
}

class Composition {
  #values = 0;
  readonly #faults: Faults;
  readonly #told = new Set<string>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** The rule that all of them hold. */
  all(together: readonly Conditions[]): Rule {
    return apart(together).flatMap((group) => this.#group(group));
  }

  /** Terms of fields and choices that hang together by the fields they share. */
  #group({ fields, choices }: Group): Rule {
    const [first, ...others] = choices;
    if (first === undefined) return [...fields].flatMap(([name, several]) => this.#field(name, several));
    const beside = [...conditionsOf(fields), { fields: new Map<string, Field>(), choices: others }];
    const rules: Rule[] = [];
    for (const branch of first) {
      if (this.#values > MOST_VALUES) break;
      rules.push(this.all([...beside, branch]));
    }
    return [{ kind: "choice", rules }];
  }

  #field(name: string, several: readonly Field[]): Rule {
    const [first, second] = several as readonly [Field, ...Field[]];
    if ("leaf" in first && second === undefined) return this.#leaf(name, first.leaf);
    const inner = several.flatMap((field) => ("inner" in field ? [field.inner] : []));
    if (inner.length === several.length) {
      const rule = this.all(inner);
      return [{ kind: "objects", name, rule, mayBeAbsent: mayBeAbsent(rule) }];
    }
    this.#tellTwice(several.at(-1) as Field);
    return [];
  }

  #leaf(name: string, leaf: Leaf): Rule {
    this.#count(leaf.values);
    return [{ kind: "values", name, leaf }];
  }

  #count(values: number): void {
    const before = this.#values;
    this.#values += values;
    if (before <= MOST_VALUES && this.#values > MOST_VALUES)
      this.#faults.add([], `at most ${MOST_VALUES} values to compare with, after each $or that shares fields with others is multiplied out`, "more");
  }

  #tellTwice(field: Field): void {
    // Counts as one, so that what is wrong grows no more than what is right.
    this.#count(1);
    const path = "leaf" in field ? field.leaf.path : field.path;
    const key = JSON.stringify(path);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#faults.add(path, "each field to be asked for once where conditions hold together", "a second condition on this one");
  }
}

function mayBeAbsent(rule: Rule): boolean {
  return rule.every((term) => {
    if (term.kind === "choice") return term.rules.some(mayBeAbsent);
    return term.kind === "values" ? term.leaf.allowsAbsence : term.mayBeAbsent;
  });
}

interface Group {
  readonly fields: Map<string, Field[]>;
  readonly choices: (readonly Conditions[])[];
  readonly names: Set<string>;
}

/** Parts fields and choices into groups of which no two share a field. */
function apart(together: readonly Conditions[]): readonly Group[] {
  let groups: Group[] = [];
  for (const { fields, choices } of together) {
    for (const [name, field] of fields) groups = joined(groups, { fields: new Map([[name, [field]]]), choices: [], names: new Set([name]) });
    for (const choice of choices)
      groups = joined(groups, { fields: new Map(), choices: [choice], names: new Set(choice.flatMap((branch) => [...namesOf(branch)])) });
  }
  return groups;
}

/** The groups with one more: it takes in those that it shares a field with. */
function joined(groups: readonly Group[], added: Group): Group[] {
  const touching = groups.filter(({ names }) => !names.isDisjointFrom(added.names));
  if (touching.length === 0) return [...groups, added];
  const all = [...touching, added];
  const fields = new Map<string, Field[]>();
  for (const group of all) for (const [name, several] of group.fields) fields.set(name, [...(fields.get(name) ?? []), ...several]);
  const whole = { fields, choices: all.flatMap(({ choices }) => choices), names: new Set(all.flatMap(({ names }) => [...names])) };
  return [...groups.filter((group) => !touching.includes(group)), whole];
}

function namesOf({ fields, choices }: Conditions): ReadonlySet<string> {
  return new Set([...fields.keys(), ...choices.flat().flatMap((branch) => [...namesOf(branch)])]);
}

function conditionsOf(fields: ReadonlyMap<string, readonly Field[]>): readonly Conditions[] {
  return [...fields].flatMap(([name, several]) => several.map((field) => ({ fields: new Map([[name, field]]), choices: [] })));
}
