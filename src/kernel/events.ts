import type { z } from "zod";

/** A new event as a decider returns it: a fact that is not yet recorded. */
export interface NewFact<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
  /** Left out, 1. */
  readonly schemaVersion?: number;
  /** Left out, the source of the command. */
  readonly source?: string;
}

/** A form that an event had before: its schema, and how its data becomes that of the next form. */
export interface PastForm {
  readonly schema: z.ZodType;
  readonly upcast: (data: unknown) => unknown;
}

/** An event that is more than its schema: it names its type or its source itself, or it had other forms before. */
export interface DeclaredEvent<Schema extends z.ZodType = z.ZodType, Type extends string | undefined = string | undefined> {
  readonly $event: true;
  readonly schema: Schema;
  readonly type: Type;
  readonly source: string | undefined;
  /** Schema versions 1, 2, 3… that are no longer written, the oldest first. */
  readonly was: readonly PastForm[];
}

/** Events by name: a schema each, or more than that. */
export type EventMap = Readonly<Record<string, z.ZodType | DeclaredEvent>>;

type SchemaOf<Declared> = Declared extends DeclaredEvent<infer Schema> ? Schema : Declared extends z.ZodType ? Declared : never;

/** The data of a declared event, as code gets it. */
export type EventData<Declared> = z.output<SchemaOf<Declared>>;

/** `<namespace>.<Name>`, unless the event names its type itself. */
export type EventType<Namespace extends string, Name extends string, Declared> = Declared extends {
  readonly $event: true;
  readonly type: infer Type extends string;
}
  ? Type
  : `${Namespace}.${Name}`;

/** An event of an event set, as code that reads gets it: in its newest form. */
export interface EventForm {
  readonly name: string;
  readonly type: string;
  /** The newest: 1 for an event that never had another form. */
  readonly schemaVersion: number;
  readonly schema: z.ZodType;
  readonly source: string | undefined;
  readonly was: readonly PastForm[];
}

/** The events of a namespace: a constructor for each, and their forms by full type. */
export type EventSet<Namespace extends string = string, Events extends EventMap = EventMap> = {
  readonly [Name in keyof Events & string]: (data: EventData<Events[Name]>) => NewFact<EventType<Namespace, Name, Events[Name]>, EventData<Events[Name]>>;
} & { readonly $namespace: Namespace; readonly $events: Events; readonly $forms: ReadonlyMap<string, EventForm> };

/** Declares an event that names its `type` or `source` itself, or that had other forms before (`was`, the oldest first). */
export function event<const Schema extends z.ZodType, const Type extends string | undefined = undefined>(
  schema: Schema,
  { type, source, was = [] }: { readonly type?: Type; readonly source?: string; readonly was?: readonly PastForm[] } = {},
): DeclaredEvent<Schema, Type> {
  return { $event: true, schema, type: type as Type, source, was };
}

/** A form that is no longer written: what matches `schema` becomes, by `upcast`, data of the form after it. Additions that old readers may ignore need none. */
export function past<const Schema extends z.ZodType>(schema: Schema, upcast: (data: z.output<Schema>) => unknown): PastForm {
  return { schema, upcast: upcast as (data: unknown) => unknown };
}

/** Declares events schema first: `cartEvents.ItemAdded(data)` makes one of type `cart.ItemAdded`. */
export function defineEvents<const Namespace extends string, const Events extends EventMap>(namespace: Namespace, events: Events): EventSet<Namespace, Events> {
  const forms = Object.entries(events).map(([name, declared]) => formOf(namespace, name, declared));
  const constructors = Object.fromEntries(forms.map((form) => [form.name, (data: unknown) => factOf(form, data)]));
  return Object.assign(constructors, {
    $namespace: namespace,
    $events: events,
    $forms: new Map(forms.map((form) => [form.type, form])),
  }) as unknown as EventSet<Namespace, Events>;
}

function formOf(namespace: string, name: string, declared: z.ZodType | DeclaredEvent): EventForm {
  const { schema, type, source, was } = "$event" in declared ? declared : { schema: declared, type: undefined, source: undefined, was: [] };
  return { name, type: type ?? `${namespace}.${name}`, schema, source, was, schemaVersion: was.length + 1 };
}

function factOf({ type, schemaVersion, source }: EventForm, data: unknown): NewFact {
  return { type, data, ...(schemaVersion > 1 && { schemaVersion }), ...(source !== undefined && { source }) };
}

/** A stored event's data in its newest form: the upcasters from its schema version on, chained. What is of the newest form, or of a newer one than this code knows, is left alone. */
export function upcast(form: EventForm, schemaVersion: number, data: unknown): unknown {
  return form.was.slice(schemaVersion - 1).reduce((current, { upcast }) => upcast(current), data);
}
