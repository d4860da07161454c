import type { z } from "zod";
import type { Rejection } from "./rejection.ts";

/** A new event as a decider returns it: a fact that is not yet recorded. */
export interface NewFact<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** A map of schemas, one for each event or command. */
export type SchemaMap = Readonly<Record<string, z.ZodType>>;

/** The events of a namespace: a constructor for each, and their schemas by full type. */
export type EventSet<Namespace extends string, Schemas extends SchemaMap> = {
  readonly [Name in keyof Schemas & string]: (data: z.output<Schemas[Name]>) => NewFact<`${Namespace}.${Name}`, z.output<Schemas[Name]>>;
} & { readonly $namespace: Namespace; readonly $schemas: Schemas };

/** Declares events schema first: `cartEvents.ItemAdded(data)` makes one of type `cart.ItemAdded`. */
export function defineEvents<const Namespace extends string, const Schemas extends SchemaMap>(
  namespace: Namespace,
  schemas: Schemas,
): EventSet<Namespace, Schemas> {
  const constructors = Object.fromEntries(Object.keys(schemas).map((name) => [name, (data: unknown) => ({ type: `${namespace}.${name}`, data })]));
  return Object.assign(constructors, { $namespace: namespace, $schemas: schemas }) as EventSet<Namespace, Schemas>;
}

/** What a decision is given beside command and state: no clock and no chance of its own. */
export interface DecisionContext {
  /** RFC 3339 UTC with milliseconds. */
  readonly now: string;
  /** The id part of the stream's name. */
  readonly id: string;
}

type Decision = NewFact | readonly NewFact[] | Rejection;
type DataOf<Schemas extends SchemaMap, Name extends keyof Schemas> = { readonly data: z.output<Schemas[Name]> };

/** An aggregate: how its state follows from its events, and which events a command makes of it. Pure: no clock, no I/O, no await. */
export interface DeciderSpec<State, Namespace extends string, Events extends SchemaMap, Commands extends SchemaMap> {
  readonly category: string;
  readonly events: EventSet<Namespace, Events>;
  readonly commands: Commands;
  readonly initialState: () => State;
  readonly evolve: { readonly [Name in keyof Events & string]: (state: NoInfer<State>, event: DataOf<Events, Name>) => NoInfer<State> };
  /** One event, several, none, or `reject(code)`. The same command again must decide nothing. */
  readonly decide: {
    readonly [Name in keyof Commands & string]: (command: DataOf<Commands, Name>, state: NoInfer<State>, context: DecisionContext) => Decision;
  };
}

/** A decider as the engine sees it, its types erased. */
export interface Decider {
  readonly category: string;
  readonly commands: SchemaMap;
  initialState(): unknown;
  /** The state after one more event. An event of an unknown type changes nothing: older code leaves newer facts alone. */
  evolve(state: unknown, event: NewFact): unknown;
  /** The events a command makes, perhaps none, or a rejection. Throws a RangeError on a command it does not have. */
  decide(command: { readonly name: string; readonly data: unknown }, state: unknown, context: DecisionContext): readonly NewFact[] | Rejection;
}

type AnyStep = (first: never, ...rest: never[]) => unknown;

/** Declares an aggregate; everything else about it is derived from what is given here. */
export function defineDecider<const State, const Namespace extends string, const Events extends SchemaMap, const Commands extends SchemaMap>(
  spec: DeciderSpec<State, Namespace, Events, Commands>,
): Decider {
  const prefix = `${spec.events.$namespace}.`;
  return {
    category: spec.category,
    commands: spec.commands,
    initialState: spec.initialState,
    evolve(state, event) {
      const name = event.type.startsWith(prefix) ? event.type.slice(prefix.length) : "";
      const step = Object.hasOwn(spec.evolve, name) ? (spec.evolve[name] as AnyStep) : undefined;
      return step === undefined ? state : step(state as never, event as never);
    },
    decide(command, state, context) {
      const step = Object.hasOwn(spec.decide, command.name) ? (spec.decide[command.name] as AnyStep) : undefined;
      if (step === undefined) throw new RangeError(`expected one of ${Object.keys(spec.decide).join(", ")}, got ${command.name}`);
      const decision = step(command as never, state as never, context as never) as Decision;
      return Array.isArray(decision) ? decision : "rejected" in decision ? decision : [decision as NewFact];
    },
  };
}
