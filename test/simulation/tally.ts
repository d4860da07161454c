import { z } from "zod";
import { defineDecider, defineEvents, defineModule, type Module } from "../../src/kernel/index.ts";

const events = defineEvents("tally", { Added: z.object({ n: z.number(), mark: z.string().optional() }) });

/** A domain whose state has another form in each build: what one build keeps of it, the other cannot read. */
export function tallyOf(build: string): Module {
  const tally = defineDecider({
    category: "tally",
    events,
    commands: { Add: z.object({ n: z.number() }) },
    initialState: (): Readonly<Record<string, number>> => ({ [build]: 0 }),
    evolve: { Added: (state, { data }) => ({ [build]: (state[build] ?? 0) + data.n }) },
    decide: { Add: ({ data }) => events.Added(data) },
    show: (state) => ({ sum: state[build] ?? 0 }),
  });
  return defineModule({ name: "tally", deciders: [tally] });
}
