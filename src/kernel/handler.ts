import type { z } from "zod";
import type { CodeTracing } from "./code-tracing.ts";
import { retryPolicy, type RetryPolicy } from "./delivery.ts";
import type { Decider, SchemaMap } from "./decider.ts";
import { type EventForm, upcast } from "./events.ts";
import type { AnyEventSet, EventsOf, ProjectedEvent } from "./projection.ts";
import type { LoggedEvent, Priority } from "./recorded-event.ts";
import { idOf } from "./stream-name.ts";
import { TOPIC_PATTERN } from "./topic-pattern.ts";

/** A command as a handler or a saga returns it: data, which the engine sends in at the front door. */
export interface CommandToSend {
  readonly category: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
}

/** A command to an aggregate whose decider is at hand, checked by its types. */
export function commandTo<Commands extends SchemaMap, Name extends keyof Commands & string>(
  decider: Pick<Decider, "category"> & { readonly $types?: { readonly commands: Commands } },
  id: string,
  command: Name,
  data: z.input<Commands[Name]>,
): CommandToSend {
  return { category: decider.category, id, command, data };
}

/** A port by name and type: what a handler or a saga may ask of the world. The composition root says what stands behind it. */
export interface PortToken<Port> {
  readonly name: string;
  readonly $type?: Port;
}

/** Declares a port. Whoever stands behind it takes the idempotency key with each call that changes something, and does it once. */
export function definePort<Port>(name: string): PortToken<Port> {
  return { name };
}

/** What a handler is given beside the event. */
export interface HandlerContext {
  /** The same for each attempt at this event: what is done twice with it is done once. */
  readonly key: string;
  readonly tenant: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly now: string;
  /** 1, 2, 3… */
  readonly attempt: number;
  /** Fires when the handler's time is over. */
  readonly signal: AbortSignal;
  readonly trace: CodeTracing;
  /** An aggregate's state as it is now, and its version (0 where there is none). */
  state(category: string, id: string): Promise<{ readonly version: number; readonly state: unknown }>;
  /** Throws where nothing stands behind the port in this deployment. */
  port<Port>(token: PortToken<Port>): Port;
}

type Handled<Sets extends readonly AnyEventSet[]> = Sets extends readonly [] ? ProjectedEvent : EventsOf<Sets[number]>;

/** Something that reacts to events: a follower of the log whose sink is code. */
export interface HandlerSpec<Sets extends readonly AnyEventSet[]> {
  /** Unique, `[a-z][a-z0-9-]{0,62}`. */
  readonly name: string;
  /** Event sets whose types the handler knows: their events come typed, in their newest form. */
  readonly events?: Sets;
  /** Topic patterns of the event types it wants. */
  readonly on: readonly string[];
  /** Who is woken first; `normal` where left out. */
  readonly priority?: Priority;
  /** Events handled at a time; 1 is one after the other, over all streams. Left out, 6. */
  readonly concurrency?: number;
  /** Milliseconds that one attempt may take; 15 s where left out. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Where a tenant's handler begins: `now`, the position at which the tenant first meets it, where left out. */
  readonly from?: "now" | "beginning";
  /** What follows from an event: commands as data, perhaps none. A throw is a failed attempt, and comes again. */
  readonly handle: (event: Handled<NoInfer<Sets>>, context: HandlerContext) => Promise<readonly CommandToSend[] | void> | readonly CommandToSend[] | void;
}

/** A handler as the engine sees it, its types erased. */
export interface Handler {
  readonly name: string;
  readonly on: readonly string[];
  readonly priority: Priority;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly from: "now" | "beginning";
  handle(event: LoggedEvent, context: HandlerContext): Promise<readonly CommandToSend[]>;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Declares a handler. Throws a TypeError on a name, pattern or number out of range. */
export function defineHandler<const Sets extends readonly AnyEventSet[] = readonly []>(spec: HandlerSpec<Sets>): Handler {
  const { name, on, priority = "normal", concurrency = 6, timeoutMs = 15_000, from = "now" } = spec;
  if (!NAME.test(name)) throw new TypeError(`expected a handler's name of [a-z][a-z0-9-]{0,62}, got ${name}`);
  const wrong = on.find((pattern) => !TOPIC_PATTERN.test(pattern));
  if (wrong !== undefined || on.length === 0) throw new TypeError(`expected ${name} to be about topic patterns, got ${wrong ?? "none"}`);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 60)
    throw new TypeError(`expected ${name} to handle 1 to 60 at a time, got ${concurrency}`);
  const forms = new Map<string, EventForm>((spec.events ?? []).flatMap(({ $forms }) => [...$forms]));
  const handle = spec.handle as (event: ProjectedEvent, context: HandlerContext) => Promise<readonly CommandToSend[] | void>;
  return {
    name,
    on,
    priority,
    concurrency,
    timeoutMs,
    retry: retryPolicy.parse(spec.retry ?? {}),
    from,
    handle: async (event, context) => (await handle(handledEvent(forms.get(event.type), event), context)) ?? [],
  };
}

function handledEvent(form: EventForm | undefined, event: LoggedEvent): ProjectedEvent {
  const { type, schemaVersion, id, stream, version, position, recorded, time, metadata } = event;
  const stored: unknown = JSON.parse(event.data);
  const data = form === undefined ? stored : upcast(form, schemaVersion, stored);
  return { type, data, eventId: id, stream, id: idOf(stream), version, position, recorded, time, metadata };
}
