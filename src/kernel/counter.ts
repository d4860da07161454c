import { type AnyEventSet, type EventsOf, projectedEvent } from "./projection.ts";
import { type LoggedEvent, PURGED } from "./recorded-event.ts";

type OfType<Event, Type> = Extract<Event, { readonly type: Type }>;
type TypesOf<Event> = Event extends { readonly type: infer Type extends string } ? Type : never;

/** What a domain counts of its events, for its figures. */
export interface CounterSpec<Sets extends readonly AnyEventSet[]> {
  /** In snake case, the domain first: `commerce_orders_placed`. It is the label `counter` of `rivulet_business_total`. */
  readonly name: string;
  readonly events: Sets;
  /** What each event adds: a number, 0 or more, or what makes one of it. */
  readonly on: { readonly [Type in TypesOf<EventsOf<Sets[number]>>]?: number | ((event: OfType<EventsOf<Sets[number]>, Type>) => number) };
}

/** A counter as the platform sees it. */
export interface Counter {
  readonly name: string;
  readonly types: ReadonlySet<string>;
  /** What an event adds; 0 where it is not counted, was purged, or cannot be read. */
  amount(event: LoggedEvent): number;
}

/** Declares what is counted of events; a counter only grows. Throws a TypeError for a name that is no label. */
export function defineCounter<const Sets extends readonly AnyEventSet[]>({ name, events, on }: CounterSpec<Sets>): Counter {
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(name)) throw new TypeError(`expected a name of [a-z0-9_] for a counter, got ${name}`);
  const steps = new Map(Object.entries(on as Readonly<Record<string, number | ((event: unknown) => number)>>));
  const forms = new Map(events.flatMap(({ $forms }) => [...$forms]));
  return {
    name,
    types: new Set(steps.keys()),
    amount(event) {
      const step = steps.get(event.type);
      if (step === undefined || event.data === PURGED) return 0;
      return typeof step === "number" ? step : counted(step, () => projectedEvent(event, forms.get(event.type)));
    },
  };
}

/** What a domain's code makes of an event must not keep the views from moving. */
function counted(step: (event: unknown) => number, event: () => unknown): number {
  try {
    const amount = step(event());
    return Number.isFinite(amount) && amount > 0 ? amount : 0;
  } catch {
    return 0;
  }
}
