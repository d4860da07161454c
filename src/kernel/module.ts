import type { Decider } from "./decider.ts";
import type { Projection } from "./projection.ts";

/** A domain: what it decides and what it shows. One folder, and one line in `src/domains/index.ts`. */
export interface Module {
  readonly name: string;
  readonly deciders: readonly Decider[];
  readonly projections: readonly Projection[];
}

/** Declares a domain. Throws a TypeError where two of its parts have one name. */
export function defineModule({ name, deciders = [], projections = [] }: Partial<Module> & Pick<Module, "name">): Module {
  const twice = twiceIn(deciders.map(({ category }) => category)) ?? twiceIn(projections.map((projection) => projection.name));
  if (twice !== undefined) throw new TypeError(`expected names of their own in the module ${name}, got ${twice} twice`);
  return { name, deciders, projections };
}

function twiceIn(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}
