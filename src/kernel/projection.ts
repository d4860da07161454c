import type { z } from "zod";
import { type EventData, type EventForm, type EventMap, type EventSet, type EventType, upcast } from "./events.ts";
import { type EventMetadata, type LoggedEvent, PURGED, STREAM_PURGED } from "./recorded-event.ts";
import { idOf } from "./stream-name.ts";

/** An event as a projection gets it: its data in the newest form. */
export interface ProjectedEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
  /** The event's own id, its stream's name, and the id part of that name. */
  readonly eventId: string;
  readonly stream: string;
  readonly id: string;
  readonly version: number;
  readonly position: number;
  /** When the platform took it, and when it happened: RFC 3339. */
  readonly recorded: string;
  readonly time: string;
  readonly metadata: EventMetadata;
}

/** Any event set: what a projection needs to know of it. */
export type AnyEventSet = Pick<EventSet, "$namespace" | "$events" | "$forms">;

/** The events of a set, as code that reads gets them. */
export type EventsOf<Set> = Set extends { readonly $namespace: infer Namespace extends string; readonly $events: infer Events extends EventMap }
  ? { [Name in keyof Events & string]: ProjectedEvent<EventType<Namespace, Name, Events[Name]>, EventData<Events[Name]>> }[keyof Events & string]
  : never;
type OfType<Event, Type> = Extract<Event, { readonly type: Type }>;
type TypesOf<Event> = Event extends { readonly type: infer Type extends string } ? Type : never;

/** A row's columns: scalars can be filtered by and sorted on, the rest is only shown. */
export type RowSchema = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

/** What a handler may give for a column: lists and objects need not be writable. */
type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Frozen<Value[Name]> }
    : Value;

/** Which row, or rows, an event is about; undefined for none. */
type KeyOf<Event> = (event: Event) => string | readonly string[] | undefined;

/**
 * A view as the fold of the log into rows: what each event makes of the row with its key. Pure, and of nothing but the row and the
 * event, so that a rebuild gives the same rows.
 */
export interface ProjectionSpec<Sets extends readonly AnyEventSet[], Out, Key extends keyof Out & string> {
  /** Unique; in the API it is the view's name. */
  readonly name: string;
  /** Goes up when the meaning of the rows changes: they are then built anew beside the old ones. */
  readonly version: number;
  readonly events: Sets;
  /** A z.object of columns. */
  readonly row: z.ZodType<Out>;
  /** The column that a row is found by. */
  readonly key: Key;
  /** Columns that `q` searches, by words. Other ones are a new version. */
  readonly search?: readonly (keyof Out & string)[];
  /**
   * Columns by whose value a few of many rows are asked for: such a filter reads the rows that match, and no others. Costs one row
   * written for each when its value is new. Other ones are a new version.
   */
  readonly index?: readonly (keyof Out & string)[];
  /** The row as it is with this event, or undefined where there is none any more. Its key is put in by the engine. */
  readonly on: {
    readonly [Type in TypesOf<EventsOf<Sets[number]>>]?: (
      row: NoInfer<Out> | undefined,
      event: OfType<EventsOf<Sets[number]>, Type>,
      key: string,
    ) => Omit<Frozen<NoInfer<Out>>, Key> | undefined;
  };
}

/** Rows of other keys than the id of the event's stream; with it goes what becomes of such a row when data is purged. */
export type Keyed<Sets extends readonly AnyEventSet[], Out, Key extends keyof Out & string> =
  | { readonly keyOf?: never; readonly without?: never }
  | {
      readonly keyOf: { readonly [Type in TypesOf<EventsOf<Sets[number]>>]?: KeyOf<OfType<EventsOf<Sets[number]>, Type>> };
      readonly without: Without<Out, Key>;
    };

/**
 * What is left of a row when a stream that made it is purged. `"nothing"`: a row is of one stream alone and goes with it; what another
 * stream says of the same key is not heard. `"everything"`: the rows are made of what a purge leaves of events (stream, type, version,
 * times), and their `data` is undefined to `keyOf` and handlers. Where several streams make a row of their data, `(row, part)` gives it
 * without the part of one: what the row would be if that stream had made it alone; undefined where nothing is left.
 */
export type Without<Out, Key extends keyof Out & string> =
  | "nothing"
  | "everything"
  | ((row: NoInfer<Out>, part: NoInfer<Out>) => Omit<Frozen<NoInfer<Out>>, Key> | undefined);

/** A row as it is kept: columns by name. */
export type Row = Readonly<Record<string, unknown>>;

/** A projection as the engine sees it, its types erased. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly row: RowSchema;
  readonly key: string;
  readonly search: readonly string[];
  readonly index: readonly string[];
  /** The full types of the events that it is about, and that of a purge. */
  readonly types: ReadonlySet<string>;
  /** The keys of the rows that an event is about, each once. */
  keysOf(event: LoggedEvent): readonly string[];
  /** A row with one more event; undefined where there is none any more. */
  apply(row: Row | undefined, event: LoggedEvent, key: string): Row | undefined;
  /** What becomes of a row when a stream that made it is purged; undefined for rows that are found by the stream's own id, and go. */
  readonly without: "nothing" | "everything" | ((row: Row, part: Row, key: string) => Row | undefined) | undefined;
}

/** Declares a view of rows. Types, filters, routes and description derive from `row`. */
export function defineProjection<const Sets extends readonly AnyEventSet[], const Out, const Key extends keyof Out & string>(
  spec: ProjectionSpec<Sets, Out, Key> & Keyed<Sets, Out, Key>,
): Projection {
  const forms = new Map<string, EventForm>(spec.events.flatMap(({ $forms }) => [...$forms]));
  const on = spec.on as Readonly<Record<string, (row: unknown, event: ProjectedEvent, key: string) => object | undefined>>;
  const keyOf = (spec.keyOf ?? {}) as Readonly<Record<string, KeyOf<ProjectedEvent>>>;
  const unknown = Object.keys(on).find((type) => !forms.has(type));
  if (unknown !== undefined) throw new TypeError(`expected ${spec.name} to be about events of its sets, got ${unknown}`);
  if (!("shape" in spec.row)) throw new TypeError(`expected the rows of ${spec.name} to be a z.object`);
  if (spec.keyOf !== undefined && spec.without === undefined) {
    throw new TypeError(`expected ${spec.name} to say what a purge leaves of a row: its keys are not its streams' ids, so it needs "without"`);
  }
  const without = spec.without as "nothing" | "everything" | ((row: Row, part: Row) => object | undefined) | undefined;
  const isDataless = without === "everything";
  const projected = (event: LoggedEvent): ProjectedEvent => projectedEvent(event, isDataless ? undefined : forms.get(event.type));
  const keyed = (key: string, row: object | undefined): Row | undefined => row && { [spec.key]: key, ...row, [spec.key]: key };
  return {
    name: spec.name,
    version: spec.version,
    row: spec.row as unknown as RowSchema,
    key: spec.key,
    search: spec.search ?? [],
    index: spec.index ?? [],
    types: new Set([...Object.keys(on), STREAM_PURGED]),
    keysOf(event) {
      if (event.type === STREAM_PURGED) return without === undefined ? [idOf(event.stream)] : [];
      // What is gone counts for nothing: neither when it is folded late, nor in a rebuild.
      if (event.data === PURGED && !isDataless) return [];
      const own = keyOf[event.type];
      const keys = own === undefined ? idOf(event.stream) : own(projected(event));
      return keys === undefined ? [] : typeof keys === "string" ? [keys] : [...new Set(keys)];
    },
    apply(row, event, key) {
      if (event.type === STREAM_PURGED) return undefined;
      return keyed(key, on[event.type]?.(row, projected(event), key));
    },
    without: typeof without === "function" ? (row, part, key) => keyed(key, without(row, part)) : without,
  };
}

/** A row while events are folded into it, and the stream that made it. */
export interface KnownRow {
  readonly row: Row;
  readonly stream: string;
}

/** The rows of a view, as far as the events that are folded into them may touch them. */
export interface KnownRows {
  readonly rows: Map<string, KnownRow>;
  /** Where several streams make a row: what each of them alone makes of it, by the row's key and the stream. */
  readonly parts: Map<string, Map<string, Row>>;
  /** The keys of rows that went, and all their parts with them; some may be there anew. */
  readonly gone: Set<string>;
}

/** Rows that nothing is known of yet. */
export function noRows(): KnownRows {
  return { rows: new Map(), parts: new Map(), gone: new Set() };
}

/** Folds one more event into rows. A purge takes away what its stream has made of them. */
export function foldInto(known: KnownRows, projection: Projection, event: LoggedEvent): void {
  const { without } = projection;
  if (event.type === STREAM_PURGED && without !== undefined) return forget(known, without, event.stream);
  for (const key of projection.keysOf(event)) {
    const before = known.rows.get(key);
    if (without === "nothing" && before !== undefined && before.stream !== event.stream) continue;
    const row = projection.apply(before?.row, event, key);
    put(known, key, row && { row, stream: before?.stream ?? event.stream });
    if (row === undefined || typeof without !== "function") continue;
    const parts = known.parts.get(key) ?? new Map<string, Row>();
    const part = projection.apply(parts.get(event.stream), event, key);
    if (part === undefined) parts.delete(event.stream);
    else parts.set(event.stream, part);
    known.parts.set(key, parts);
  }
}

function forget(known: KnownRows, without: NonNullable<Projection["without"]>, stream: string): void {
  if (without === "everything") return;
  if (without === "nothing") {
    for (const [key, row] of known.rows) if (row.stream === stream) put(known, key, undefined);
    return;
  }
  for (const [key, parts] of known.parts) {
    const part = parts.get(stream);
    const before = known.rows.get(key);
    parts.delete(stream);
    if (part === undefined || before === undefined) continue;
    const row = without(before.row, part, key);
    put(known, key, row && { ...before, row });
  }
}

function put({ rows, parts, gone }: KnownRows, key: string, row: KnownRow | undefined): void {
  if (row !== undefined) {
    rows.set(key, row);
    return;
  }
  if (rows.delete(key)) gone.add(key);
  parts.delete(key);
}

/** An event as a projection gets it, its data brought to the newest form; without a form there is none. */
export function projectedEvent(event: LoggedEvent, form: EventForm | undefined): ProjectedEvent {
  const { type, data, schemaVersion, id, stream, version, position, recorded, time, metadata } = event;
  const newest = form && upcast(form, schemaVersion, JSON.parse(data));
  return { type, data: newest, eventId: id, stream, id: idOf(stream), version, position, recorded, time, metadata };
}
