import { z } from "zod";
import { commandTo, defineDecider, defineEvents, defineModule, defineSaga, type Module, reject, type SagaCommand } from "../../src/kernel/index.ts";

/** What no purse takes, so that the errand is undone. */
export const UNLUCKY = 3;
/** How long (milliseconds) an errand waits to be confirmed. */
export const PATIENCE = 20_000;
/** The purse that gets its share of every errand. */
export const TILL = "till";

/** How a story names its purses, beside the till. */
export const PURSES = ["a", "b"] as const;

const asked = z.object({ n: z.int(), from: z.string(), to: z.string() });
const askEvents = defineEvents("ask", { Asked: asked, Confirmed: z.object({}) });

const ask = defineDecider({
  category: "ask",
  events: askEvents,
  commands: { Ask: asked, Confirm: z.object({}) },
  initialState: () => ({}),
  evolve: { Asked: () => ({}), Confirmed: () => ({}) },
  decide: { Ask: ({ data }) => askEvents.Asked(data), Confirm: () => askEvents.Confirmed({}) },
});

const moved = z.object({ of: z.string(), n: z.int() });
const purseEvents = defineEvents("purse", { Taken: moved, Given: moved, Returned: z.object({ of: z.string() }) });

/** It does what it is told as often as it is told: what makes it once is the engine. */
const purse = defineDecider({
  category: "purse",
  events: purseEvents,
  commands: { Take: moved, Give: moved, Return: z.object({ of: z.string() }) },
  initialState: (): { readonly moved: readonly string[] } => ({ moved: [] }),
  evolve: {
    Taken: ({ moved }, { data: { of } }) => ({ moved: [...moved, of] }),
    Given: ({ moved }, { data: { of } }) => ({ moved: [...moved, of] }),
    Returned: (state) => state,
  },
  decide: {
    Take: ({ data }) => purseEvents.Taken(data),
    Give: ({ data }) => (data.n === UNLUCKY ? reject("unlucky") : purseEvents.Given(data)),
    // Given back a second time, too: only where nothing ever moved it does nothing.
    Return: ({ data }, { moved }) => (moved.includes(data.of) ? purseEvents.Returned(data) : []),
  },
});

const back = (id: string, of: string): SagaCommand => commandTo(purse, id, "Return", { of });

const errand = defineSaga({
  name: "errand",
  events: [askEvents],
  aggregates: [ask],
  data: asked.extend({ of: z.string() }),
  startsOn: { "ask.Asked": ({ id, data }) => ({ of: id, ...data }) },
  steps: [
    { name: "take", send: ({ of, n, from }) => commandTo(purse, from, "Take", { of, n }), compensate: ({ of, from }) => back(from, of) },
    { name: "wait", awaits: { "ask.Confirmed": () => true }, withinMs: PATIENCE },
    {
      name: "give",
      send: ({ of, n, to }) => [commandTo(purse, to, "Give", { of, n }), commandTo(purse, TILL, "Give", { of, n: 1 })],
      compensate: ({ of, to }) => [back(to, of), back(TILL, of)],
      // So few that they are over in a short outage.
      retry: { maxAttempts: 3, minDelayMs: 300, maxDelayMs: 5_000 },
    },
  ],
});

/** The follower that tells the saga's instances what came for them. */
export const ERRAND_HANDLER = `saga-${errand.name}`;
/** The types that it hears. */
export const ERRAND_TYPES = errand.types;
/** The category of the saga's instances. */
export const ERRAND_CATEGORY = errand.category;

/** A domain that does errands by a saga. */
export const errands: Module = defineModule({ name: "errands", deciders: [ask, purse], sagas: [errand] });
