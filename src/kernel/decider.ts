import type { z } from "zod";
import { type EventData, type EventForm, type EventMap, type EventSet, type NewFact, upcast } from "./events.ts";
import type { Claim, Ports } from "./ports.ts";
import type { Rejection } from "./rejection.ts";
import { LONGEST_ID } from "./stream-name.ts";

/** A map of schemas, one for each command. */
export type SchemaMap = Readonly<Record<string, z.ZodType>>;

/** What a decision is given beside command and state: no clock and no chance of its own. */
export interface DecisionContext {
  /** RFC 3339 UTC with milliseconds. */
  readonly now: string;
  /** The id part of the stream's name. */
  readonly id: string;
}

/** What a preparation is given: the decision's context, and the world through ports. */
export interface PrepareContext extends DecisionContext {
  readonly ports: Ports;
}

type Decision = NewFact | readonly NewFact[] | Rejection;
type DataOf<Schemas extends SchemaMap, Name extends keyof Schemas> = { readonly data: z.output<Schemas[Name]> };
type Prepares<State, Commands extends SchemaMap> = {
  readonly [Name in keyof Commands & string]?: (command: DataOf<Commands, Name>, state: State, context: PrepareContext) => Promise<unknown>;
};
type FoundBy<Prepare, Name> = Name extends keyof Prepare ? (Prepare[Name] extends (...given: never[]) => Promise<infer Found> ? Found : undefined) : undefined;

/** Values that must be taken only once over all aggregates, such as an e-mail address. */
export interface Uniqueness<State, Commands extends SchemaMap> {
  /** What a command wants to take. */
  readonly wants: { readonly [Name in keyof Commands & string]?: (command: DataOf<Commands, Name>, state: State) => readonly Claim[] };
  /** What an aggregate in this state holds: the truth, against which every reservation is checked. */
  readonly holds: (state: State) => readonly Claim[];
  /**
   * The commands after which it may hold less, beside those that want something: what they let go is free for others at once. What another
   * command lets go is free two minutes after it was reserved.
   */
  readonly frees?: readonly (keyof Commands & string)[];
  /** The rejection where another aggregate holds it; a code alone has a sentence made for it. */
  readonly taken: string | Rejection;
}

/** An aggregate: how its state follows from its events, and which events a command makes of it. Pure: no clock, no I/O, no await. */
export interface DeciderSpec<State, Namespace extends string, Events extends EventMap, Commands extends SchemaMap, Prepare> {
  readonly category: string;
  readonly events: EventSet<Namespace, Events>;
  readonly commands: Commands;
  readonly initialState: () => State;
  readonly evolve: { readonly [Name in keyof Events & string]: (state: NoInfer<State>, event: { readonly data: EventData<Events[Name]> }) => NoInfer<State> };
  /**
   * What must be found out before the decision: hashing, look-ups. It runs outside the object, with the state as it then is, and again
   * if that has moved; what it gives stands in the command as `found`. Stand it before `decide`, so that its types are known there.
   */
  readonly prepare?: Prepare & Prepares<NoInfer<State>, Commands>;
  /** One event, several, none, or `reject(code)`. The same command again must decide nothing. */
  readonly decide: {
    readonly [Name in keyof Commands & string]: (
      command: DataOf<Commands, Name> & { readonly found: FoundBy<NoInfer<Prepare>, Name> },
      state: NoInfer<State>,
      context: DecisionContext,
    ) => Decision;
  };
  /** What leaves the object: the state without what is secret in it. Left out, all of it. */
  readonly show?: (state: NoInfer<State>) => unknown;
  /** What the answer to a command shows of what its preparation found: once, and never stored. */
  readonly showOnce?: { readonly [Name in keyof Commands & string]?: (found: FoundBy<NoInfer<Prepare>, Name>) => Readonly<Record<string, unknown>> };
  readonly unique?: Uniqueness<NoInfer<State>, Commands>;
  /**
   * The most characters of an aggregate's id, by the commands that make it, in a tenant: for an id that is to stand within another's. 200
   * where left out. Over HTTP a longer one is 422.
   */
  readonly longestId?: { readonly [Name in keyof Commands & string]?: (tenant: string) => number };
}

/** A command: its name, its data, and what its preparation found. */
export interface Command {
  readonly name: string;
  readonly data: unknown;
  readonly found?: unknown;
}

/** A decider as the engine sees it, its types erased. */
export interface Decider {
  readonly category: string;
  readonly commands: SchemaMap;
  /** Its events by full type. */
  readonly forms: ReadonlyMap<string, EventForm>;
  initialState(): unknown;
  /** The state after one more event, upcast to its newest form. An event of an unknown type changes nothing: older code leaves newer facts alone. */
  evolve(state: unknown, event: NewFact): unknown;
  /** The events a command makes, perhaps none, or a rejection. Throws a RangeError on a command it does not have. */
  decide(command: Command, state: unknown, context: DecisionContext): readonly NewFact[] | Rejection;
  /** The commands that are prepared outside the object, or may change which unique values it holds. */
  readonly prepares: ReadonlySet<string>;
  /** What is to be found out before a command is decided; undefined where there is nothing. */
  prepare(command: Command, state: unknown, context: PrepareContext): Promise<unknown> | undefined;
  show(state: unknown): unknown;
  showOnce(command: Command): Readonly<Record<string, unknown>> | undefined;
  /** The claims of a command, and those that a state holds. */
  wants(command: Command, state: unknown): readonly Claim[];
  holds(state: unknown): readonly Claim[];
  readonly taken: string | Rejection | undefined;
  /** The most characters of the id that a command may make in a tenant. */
  longestId(command: string, tenant: string): number;
}

/** A decider that remembers its types, for those who send it commands or test it. */
export interface TypedDecider<State, Namespace extends string, Events extends EventMap, Commands extends SchemaMap> extends Decider {
  readonly $types?: { readonly state: State; readonly namespace: Namespace; readonly events: Events; readonly commands: Commands };
}

type AnyStep = (...given: never[]) => unknown;

/** Declares an aggregate; everything else about it is derived from what is given here. */
export function defineDecider<
  const State,
  const Namespace extends string,
  const Events extends EventMap,
  const Commands extends SchemaMap,
  const Prepare = unknown,
>(spec: DeciderSpec<State, Namespace, Events, Commands, Prepare>): TypedDecider<State, Namespace, Events, Commands> {
  const forms = spec.events.$forms;
  return {
    category: spec.category,
    commands: spec.commands,
    forms,
    initialState: spec.initialState,
    evolve(state, { type, data, schemaVersion = 1 }) {
      const form = forms.get(type);
      const step = form && stepOf(spec.evolve, form.name);
      if (form === undefined || step === undefined) return state;
      return step(state as never, { data: upcast(form, schemaVersion, data) } as never);
    },
    decide(command, state, context) {
      const step = stepOf(spec.decide, command.name);
      if (step === undefined) throw new RangeError(`expected one of ${Object.keys(spec.decide).join(", ")}, got ${command.name}`);
      const decision = step(command as never, state as never, context as never) as Decision;
      return Array.isArray(decision) ? decision : "rejected" in decision ? decision : [decision as NewFact];
    },
    prepare: (command, state, context) =>
      stepOf(spec.prepare, command.name)?.(command as never, state as never, context as never) as Promise<unknown> | undefined,
    prepares: new Set([...Object.keys(spec.prepare ?? {}), ...Object.keys(spec.unique?.wants ?? {}), ...(spec.unique?.frees ?? [])]),
    show: (state) => (spec.show ? spec.show(state as State) : state),
    showOnce: (command) => stepOf(spec.showOnce, command.name)?.(command.found as never) as Readonly<Record<string, unknown>> | undefined,
    wants: (command, state) => (stepOf(spec.unique?.wants, command.name)?.(command as never, state as never) ?? []) as readonly Claim[],
    holds: (state) => spec.unique?.holds(state as State) ?? [],
    taken: spec.unique?.taken,
    longestId: (command, tenant) => (stepOf(spec.longestId, command)?.(tenant as never) as number | undefined) ?? LONGEST_ID,
  };
}

/** What a map says of a name; nothing inherited counts. */
function stepOf(steps: unknown, name: string): AnyStep | undefined {
  return typeof steps === "object" && steps !== null && Object.hasOwn(steps, name) ? (steps as Readonly<Record<string, AnyStep>>)[name] : undefined;
}
