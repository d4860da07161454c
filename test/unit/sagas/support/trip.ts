import { z } from "zod";
import { commandTo, defineDecider, defineEvents, defineSaga, failed, type Saga } from "../../../../src/kernel/index.ts";
import { happened } from "../../../../src/testing/index.ts";

/** What a trip's saga hears. */
export const tripEvents = defineEvents("trip", {
  Planned: z.object({ isAbroad: z.boolean() }),
  Confirmed: z.object({ by: z.enum(["hotel", "flight"]) }),
  Refused: z.object({ by: z.enum(["hotel", "flight"]), reason: z.string() }),
  Noted: z.object({ text: z.string() }),
});

/** Whoever is told what to do. */
export const desk = defineDecider({
  category: "desk",
  events: tripEvents,
  commands: { Do: z.object({ what: z.string() }) },
  initialState: () => ({}),
  evolve: { Planned: (state) => state, Confirmed: (state) => state, Refused: (state) => state, Noted: (state) => state },
  decide: { Do: () => [] },
});

export const act = (what: string) => commandTo(desk, "d", "Do", { what });
export const planned = happened("trip-t1", tripEvents.Planned({ isAbroad: true }));
export const atHome = happened("trip-t1", tripEvents.Planned({ isAbroad: false }));
export const confirmed = (by: "hotel" | "flight") => happened(`${by}-t1`, tripEvents.Confirmed({ by }));
export const refused = (by: "hotel" | "flight", reason: string) => happened(`${by}-t1`, tripEvents.Refused({ by, reason }));
export const noted = (text: string) => happened("diary-t1", tripEvents.Noted({ text }));

const undo = (name: string) => ({ ...act(`undo ${name}`), accepts: ["nothing_to_undo"] });
const waiting = (name: "hotel" | "flight") => ({
  name,
  send: () => act(name),
  awaits: {
    "trip.Confirmed": (_: unknown, { data }: { readonly data: { readonly by: string } }) => data.by === name,
    "trip.Refused": (_: unknown, { data }: { readonly data: { readonly by: string; readonly reason: string } }) =>
      data.by === name ? failed(data.reason) : undefined,
  },
  withinMs: 60_000,
  compensate: () => undo(name),
});

const spec = {
  name: "trip",
  events: [tripEvents] as const,
  data: z.object({ isAbroad: z.boolean(), notes: z.array(z.string()) }),
  evolve: {
    "trip.Noted": (known: { readonly isAbroad: boolean; readonly notes: string[] }, { data }: { readonly data: { readonly text: string } }) => ({
      ...known,
      notes: [...known.notes, data.text].toSorted(),
    }),
  },
  timeoutMs: 3_600_000,
};

/** A saga that has all that the language has: a group, a branch, a call beyond, commands that follow from facts, a time for the whole. */
export const trip: Saga = defineSaga({
  ...spec,
  startsOn: { "trip.Planned": ({ data }) => ({ isAbroad: data.isAbroad, notes: [] }) },
  steps: [
    { name: "pack", send: () => [act("bag"), act("map")], compensate: () => undo("pack") },
    [waiting("hotel"), waiting("flight")],
    {
      name: "visa",
      when: ({ isAbroad }) => isAbroad,
      call: async () => {},
      retry: { maxAttempts: 3, minDelayMs: 100, maxDelayMs: 300 },
      compensate: () => undo("visa"),
    },
    { name: "go", send: () => act("go"), sendOn: { "trip.Noted": (_, { data }) => act(`post ${data.text}`) } },
  ],
  undone: (_, reason) => act(`stay: ${reason}`),
});

/** A later version of it, of one step; `was` it is told of what it was before. */
export const tripAnew = (...was: readonly Saga[]): Saga =>
  defineSaga({
    ...spec,
    version: 2,
    was,
    startsOn: { "trip.Planned": ({ data }) => ({ isAbroad: data.isAbroad, notes: [] }) },
    steps: [{ name: "walk", send: () => act("walk") }],
  });
