// Longer than usual: the language of sagas is its types, and half of the lines say what they mean.

import type { CodeTracing } from "./code-tracing.ts";
import type { z } from "zod";
import { retryPolicy, type RetryPolicy } from "./delivery.ts";
import { type EventForm, upcast } from "./events.ts";
import type { Decider } from "./decider.ts";
import type { CommandToSend, PortToken } from "./handler.ts";
import type { AnyEventSet, EventsOf } from "./projection.ts";
import { type LoggedEvent, PURGED } from "./recorded-event.ts";
import { categoryOf, idOf } from "./stream-name.ts";

/** Why a step failed: a value, from which the saga undoes what it has done. */
export interface SagaFailure {
  readonly failed: string;
}

/** Says that a step has failed, in a sentence. */
export function failed(reason: string): SagaFailure {
  return { failed: reason };
}

/** What a step has found out beyond the platform. */
export interface SagaLesson<Data = unknown> {
  readonly learned: Partial<Data>;
}

/** Says what a step's call has found out: these fields of what the instance knows, in the place of the old ones. */
export function learned<const Data>(part: Data): { readonly learned: Data } {
  return { learned: part };
}

/** An event that came to a saga, as its functions see it: its data in the newest form. */
export interface SagaFact<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
  /** The id part of the event's stream. */
  readonly id: string;
  readonly stream: string;
  readonly tenant: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly recorded: string;
}

/** A command of a saga; a rejection with one of the codes in `accepts` counts as done. */
export interface SagaCommand extends CommandToSend {
  readonly accepts?: readonly string[];
}

type Commands = SagaCommand | readonly SagaCommand[];
type OfType<Sets extends readonly AnyEventSet[], Type> = Extract<EventsOf<Sets[number]>, { readonly type: Type }>;
/** The fact that an event of this type is. */
type FactOf<Sets extends readonly AnyEventSet[], Type> = SagaFact<Type & string, OfType<Sets, Type>["data"]>;
type TypesOf<Sets extends readonly AnyEventSet[]> = EventsOf<Sets[number]>["type"];

/** What a call of a step to the world beyond is given. */
export interface SagaCall {
  /** The same for each attempt of a round: what is done twice with it is done once. */
  readonly key: string;
  readonly tenant: string;
  readonly signal: AbortSignal;
  readonly trace: CodeTracing;
  port<Port>(token: PortToken<Port>): Port;
}

/** A step: what it sends, what it waits for, and how it is undone. */
export interface SagaStep<Data, Sets extends readonly AnyEventSet[]> {
  /** Unique in its saga. */
  readonly name: string;
  /** Left out where it gives false: a branch. */
  readonly when?: (data: Data) => boolean;
  /** Sent together. A rejection fails the step; what cannot be sent is tried again, and then parks the saga. */
  readonly send?: (data: Data) => Commands;
  /** A service beyond the platform, through a port. A SagaFailure fails the step, a lesson is known from then on; a throw is tried again, and then parks the saga. */
  readonly call?: (data: Data, call: SagaCall) => Promise<SagaFailure | SagaLesson<Data> | void>;
  /** It is done only when one of these says so: true is done, a SagaFailure fails it, anything else goes on waiting. */
  readonly awaits?: { readonly [Type in TypesOf<Sets>]?: (data: Data, fact: FactOf<Sets, Type>) => boolean | SagaFailure | undefined };
  /** What an event leads to while it is under way: sent once for each, also for those that came before it began. */
  readonly sendOn?: { readonly [Type in TypesOf<Sets>]?: (data: Data, fact: FactOf<Sets, Type>) => Commands };
  /** How long (milliseconds) it waits; then it has failed. For ever where left out. */
  readonly withinMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Sent one after the other to undo the step: also where it was done only in part, so it must do no harm where there is nothing to undo. */
  readonly compensate?: (data: Data) => Commands;
}

/** Work across aggregates that finishes, or undoes itself. */
export interface SagaSpec<Data, Sets extends readonly AnyEventSet[]> {
  /** Unique, `[a-z][a-z0-9-]{0,62}`; in the API it is the saga's name. */
  readonly name: string;
  /** Goes up when the steps change: running instances keep the version they began with, from `was`. 1 where left out. */
  readonly version?: number;
  /** What this code was in earlier versions, for instances that began with one. */
  readonly was?: readonly Saga[];
  readonly events: Sets;
  /** Only events in the streams of these count; left out, those of any stream: and to some of them anybody may append. */
  readonly aggregates?: readonly Pick<Decider, "category">[];
  /** What an instance knows; by hand it is started with it. */
  readonly data: z.ZodType<Data>;
  /** Which instance the data is of: by hand no other is begun with it. Left out, any. */
  readonly idOf?: (data: NoInfer<Data>) => string;
  /** Which events begin an instance, and what it knows from then on. */
  readonly startsOn: { readonly [Type in TypesOf<Sets>]?: (fact: FactOf<Sets, Type>) => NoInfer<Data> };
  /** Which instance an event is for; left out, the one whose id is that of the event's stream. */
  readonly correlate?: { readonly [Type in TypesOf<Sets>]?: (fact: FactOf<Sets, Type>) => string | undefined };
  /** What it learns from an event. */
  readonly evolve?: { readonly [Type in TypesOf<Sets>]?: (data: NoInfer<Data>, fact: FactOf<Sets, Type>) => NoInfer<Data> };
  /** What it learns from the no of a command that accepts it. */
  readonly accepted?: (data: NoInfer<Data>, command: CommandToSend, code: string) => NoInfer<Data>;
  /** One after the other; those in a list of their own at the same time. */
  readonly steps: readonly (SagaStep<NoInfer<Data>, Sets> | readonly SagaStep<NoInfer<Data>, Sets>[])[];
  /** How long (milliseconds) the whole may take; then it is undone. */
  readonly timeoutMs?: number;
  /** Which events end it before its time, and why: it is undone. Undefined goes on. */
  readonly undoneOn?: { readonly [Type in TypesOf<Sets>]?: (data: NoInfer<Data>, fact: FactOf<Sets, Type>) => string | undefined };
  /** Sent when all steps are undone, with the reason. */
  readonly undone?: (data: NoInfer<Data>, reason: string) => Commands;
  /** It only starts by hand or by configuration. */
  readonly isOff?: boolean;
}

/** A step as the engine sees it, its types erased. */
export interface ErasedStep {
  readonly name: string;
  readonly withinMs: number | undefined;
  readonly retry: RetryPolicy;
  readonly hasCall: boolean;
  /** The event types that it may wait for; none where it does not wait. */
  readonly awaits: ReadonlySet<string>;
  isFor(data: unknown): boolean;
  send(data: unknown): readonly SagaCommand[];
  call(data: unknown, call: SagaCall): Promise<SagaFailure | SagaLesson | void>;
  judge(data: unknown, fact: SagaFact): boolean | SagaFailure | undefined;
  sendOn(data: unknown, fact: SagaFact): readonly SagaCommand[];
  compensate(data: unknown): readonly SagaCommand[];
}

/** A saga as the engine sees it, its types erased. */
export interface Saga {
  readonly name: string;
  /** The category of its instances' streams. */
  readonly category: string;
  readonly version: number;
  readonly was: readonly Saga[];
  /** The full types of the events it wants. */
  readonly types: readonly string[];
  readonly data: z.ZodType;
  /** Which instance the data is of; undefined where it does not say. */
  idOf(data: unknown): string | undefined;
  readonly groups: readonly (readonly ErasedStep[])[];
  readonly timeoutMs: number | undefined;
  readonly isOff: boolean;
  /** The event as a fact; undefined where it is none of the saga's, or its data is gone. */
  fact(tenant: string, event: LoggedEvent): SagaFact | undefined;
  /** Which instance a fact is for. */
  correlate(fact: SagaFact): string | undefined;
  /** What an instance knows that begins with this fact; undefined where none does. */
  start(fact: SagaFact): { readonly data: unknown } | undefined;
  evolve(data: unknown, fact: SagaFact): unknown;
  accepted(data: unknown, command: CommandToSend, code: string): unknown;
  /** Why a fact ends an instance before its time; undefined where it does not. */
  undoneOn(data: unknown, fact: SagaFact): string | undefined;
  undone(data: unknown, reason: string): readonly SagaCommand[];
}

/** A call that an instance wants made. */
export interface DueCall {
  readonly step: string;
  readonly round: number;
  /** The command's index; -1 for the call beyond the platform. */
  readonly call: number;
  readonly failures: number;
  readonly isUndoing: boolean;
  /** Left out for the call beyond. */
  readonly command?: SagaCommand;
  /** RFC 3339: not before. */
  readonly due: string;
}

/** What an instance wants done, and when time alone will move it. */
export interface DueWork {
  readonly calls: readonly DueCall[];
  /** RFC 3339; none where it waits for nothing. */
  readonly deadlines: readonly string[];
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Declares a saga. Throws a TypeError on a name out of range, an unknown event type, or two steps of one name. */
export function defineSaga<const Sets extends readonly AnyEventSet[], Data>(spec: SagaSpec<Data, Sets>): Saga {
  const { name, version = 1, was = [], events, timeoutMs, isOff = false } = spec;
  if (!NAME.test(name)) throw new TypeError(`expected a saga's name of [a-z][a-z0-9-]{0,62}, got ${name}`);
  const forms = new Map<string, EventForm>(events.flatMap(({ $forms }) => [...$forms]));
  const groups = (spec.steps as readonly (AnyStep | readonly AnyStep[])[]).map((group) => [group].flat().map(erased));
  const names = groups.flat().map((step) => step.name);
  const twice = names.find((step, index) => names.indexOf(step) !== index);
  if (twice !== undefined) throw new TypeError(`expected the steps of ${name} to have names of their own, got ${twice} twice`);
  const startsOn = mapOf(spec.startsOn);
  const correlate = mapOf(spec.correlate);
  const evolve = mapOf(spec.evolve);
  const undoneOn = mapOf(spec.undoneOn);
  const steps = [spec.steps].flat(2) as readonly AnyStep[];
  const wanted = steps.flatMap(({ awaits, sendOn }) => [...mapOf(awaits).keys(), ...mapOf(sendOn).keys()]);
  const own = [...new Set([...startsOn.keys(), ...correlate.keys(), ...evolve.keys(), ...undoneOn.keys(), ...wanted])];
  const categories = spec.aggregates && new Set(spec.aggregates.map(({ category }) => category));
  const unknown = own.find((type) => !forms.has(type));
  if (unknown !== undefined) throw new TypeError(`expected ${name} to be about events of its sets, got ${unknown}`);
  // Instances of earlier versions go on hearing what they wait for.
  const earlier = (type: string): Saga | undefined => (own.includes(type) ? undefined : was.find(({ types }) => types.includes(type)));
  return {
    name,
    category: sagaCategory(name),
    version,
    was,
    types: [...new Set([...own, ...was.flatMap(({ types }) => types)])],
    data: spec.data,
    idOf: (data) => spec.idOf?.(data as Data),
    groups,
    timeoutMs,
    isOff,
    fact(tenant, event) {
      const { type, data, schemaVersion, stream, recorded } = event;
      const form = forms.get(type);
      const before = earlier(type);
      if (before !== undefined) return before.fact(tenant, event);
      if (form === undefined || data === PURGED || !own.includes(type)) return undefined;
      if (categories?.has(categoryOf(stream)) === false) return undefined;
      return { type, data: upcast(form, schemaVersion, JSON.parse(data)), id: idOf(stream), stream, tenant, recorded };
    },
    correlate(fact) {
      const before = earlier(fact.type);
      if (before !== undefined) return before.correlate(fact);
      return correlate.has(fact.type) ? (correlate.get(fact.type)?.(fact) as string | undefined) : fact.id;
    },
    start(fact) {
      const begin = startsOn.get(fact.type);
      return begin && { data: begin(fact) };
    },
    evolve: (data, fact) => (evolve.has(fact.type) ? evolve.get(fact.type)?.(data, fact) : data),
    accepted: (data, command, code) => (spec.accepted === undefined ? data : spec.accepted(data as Data, command, code)),
    undoneOn: (data, fact) => undoneOn.get(fact.type)?.(data, fact) as string | undefined,
    undone: (data, reason) => listOf((spec.undone as ((data: unknown, reason: string) => Commands) | undefined)?.(data, reason)),
  };
}

/** The category that a saga's instances live in; nobody appends to it from outside. */
export function sagaCategory(name: string): string {
  return `saga_${name.replaceAll("-", "_")}`;
}

type AnyStep = SagaStep<unknown, readonly AnyEventSet[]>;
type AnyFunction = (...given: readonly unknown[]) => unknown;

function erased(step: AnyStep): ErasedStep {
  const awaits = mapOf(step.awaits);
  const sendOn = mapOf(step.sendOn);
  return {
    name: step.name,
    withinMs: step.withinMs,
    retry: retryPolicy.parse(step.retry ?? {}),
    hasCall: step.call !== undefined,
    awaits: new Set(awaits.keys()),
    isFor: (data) => step.when?.(data) ?? true,
    send: (data) => listOf(step.send?.(data)),
    call: async (data, call) => step.call?.(data, call),
    judge: (data, fact) => awaits.get(fact.type)?.(data, fact) as boolean | SagaFailure | undefined,
    sendOn: (data, fact) => listOf(sendOn.get(fact.type)?.(data, fact) as Commands | undefined),
    compensate: (data) => listOf(step.compensate?.(data)),
  };
}

function mapOf(functions: object | undefined): ReadonlyMap<string, AnyFunction> {
  return new Map(Object.entries(functions ?? {}) as [string, AnyFunction][]);
}

function listOf(commands: Commands | undefined): readonly SagaCommand[] {
  return commands === undefined ? [] : "category" in commands ? [commands] : commands;
}
