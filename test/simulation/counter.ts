import { z } from "zod";
import { commandTo, defineDecider, defineEvents, defineHandler, defineModule, type Module } from "../../src/kernel/index.ts";
import { running } from "./world/actor.ts";

const events = defineEvents("count", { Counted: z.object({ of: z.string() }) });

/** The handler in the code of every story, and the events that it counts. */
export const COUNTER = "counter";
export const COUNTED = ["notes.Imported"] as const;

/** The stream that it counts in, of each tenant. It takes what comes as often as it comes: what makes it once is the engine. */
export const COUNT_STREAM = "count-all";

const count = defineDecider({
  category: "count",
  events,
  commands: { Count: z.object({ of: z.string() }) },
  initialState: (): { readonly sum: number } => ({ sum: 0 }),
  evolve: { Counted: ({ sum }) => ({ sum: sum + 1 }) },
  decide: { Count: ({ data }) => events.Counted(data) },
});

const counter = defineHandler({
  name: COUNTER,
  on: COUNTED,
  timeoutMs: 4_000,
  retry: { maxAttempts: 3, minDelayMs: 100, maxDelayMs: 10_000 },
  async handle({ stream, version }, { tenant }) {
    const actor = running.getStore();
    if (actor !== undefined) actor.world.activity++;
    actor?.world.handled.push({ tenant, of: `${stream}/${version}` });
    const mode = actor?.isAlive ? actor.world.faults.take("handler", `handler ${tenant}`) : undefined;
    if (mode === "500") throw new Error("the handler fails");
    if (mode === "slow") await scheduler.wait(actor?.world.draws.between("long handler", 1_000, 10_000) ?? 0);
    return [commandTo(count, "all", "Count", { of: `${stream}/${version}` })];
  },
});

/** A domain that counts events by a handler. */
export const counting: Module = defineModule({ name: "counting", deciders: [count], handlers: [counter] });
