import type { Counter } from "./counter.ts";
import type { Decider } from "./decider.ts";
import type { Handler } from "./handler.ts";
import type { Projection } from "./projection.ts";
import type { Saga } from "./saga.ts";

/** A domain: what it decides, what it shows, and how it reacts. One folder, and one line in `src/domains/index.ts`. */
export interface Module {
  readonly name: string;
  readonly deciders: readonly Decider[];
  readonly projections: readonly Projection[];
  readonly handlers: readonly Handler[];
  readonly sagas: readonly Saga[];
  /** What is counted of its events, for its figures. */
  readonly counters?: readonly Counter[];
}

/** Declares a domain. Throws a TypeError where two of its parts have one name. */
export function defineModule({
  name,
  deciders = [],
  projections = [],
  handlers = [],
  sagas = [],
  counters = [],
}: Partial<Module> & Pick<Module, "name">): Module {
  return together([{ name, deciders, projections, handlers, sagas, counters }], name);
}

/** Several domains as one. Throws a TypeError where two categories, two views, two handlers, two sagas or two counters have one name: one would hide the other. */
export function together(modules: readonly Module[], name = modules.map((module) => module.name).join(", ")): Module {
  const deciders = modules.flatMap((module) => module.deciders);
  const projections = modules.flatMap((module) => module.projections);
  const handlers = modules.flatMap((module) => module.handlers);
  const sagas = modules.flatMap((module) => module.sagas);
  const counters = modules.flatMap((module) => module.counters ?? []);
  const twice =
    twiceIn(deciders.map(({ category }) => category)) ??
    twiceIn(projections.map((projection) => projection.name)) ??
    twiceIn(handlers.map((handler) => handler.name)) ??
    twiceIn(sagas.map((saga) => saga.name)) ??
    twiceIn(counters.map((counter) => counter.name));
  if (twice !== undefined) throw new TypeError(`expected names of their own in ${name}, got ${twice} twice`);
  return { name, deciders, projections, handlers, sagas, counters };
}

function twiceIn(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}
