import type { Guard } from "./guards.ts";

/** Guards of sagas: what makes their commands once, and what brings them to their end. */
export const SAGA_GUARDS: readonly Guard[] = [
  {
    name: "the key of a saga's command",
    holds: "P3: what a saga sends again after a crash is done once",
    file: "src/sagas-composed.ts",
    code: "    idempotency: { key, fingerprint: sha256(canonicalJson([command.category, command.id, command.command, command.data] as never)) },\n",
    without: "",
    caughtBy: "simulation",
    seed: 82,
  },
  {
    name: "one key for all rounds",
    holds: "P3: what was done, and nobody was told, is not done again by a retry by hand",
    file: "src/sagas-composed.ts",
    code: "command === undefined ? round : 1",
    without: "round",
    caughtBy: "test/engine/sagas-by-hand.test.ts",
  },
  {
    name: "undoing after what is on its way",
    holds: "P3: a command that arrives late is undone like any other",
    file: "src/sagas/next-event.ts",
    code: '  if (Object.values(state.steps).some((step) => step.state === "running" && !isSettled(step))) return undefined;\n',
    without: "",
    caughtBy: "simulation",
    seed: 489,
  },
  {
    name: "the alarm for a saga's deadlines",
    holds: "P6: a saga that waits comes to its end",
    file: "durable-objects/aggregate/saga-work.ts",
    code: "...deadlines.map((deadline) => Date.parse(deadline))]",
    without: "]",
    caughtBy: "simulation",
    seed: 24,
  },
  {
    name: "a saga that is come by",
    holds: "P6: a saga whose alarm was given up does not stand still for ever",
    file: "durable-objects/aggregate.ts",
    code: "    if (repair) this.#wakeSaga();\n",
    without: "",
    caughtBy: "test/engine/sagas-by-hand.test.ts",
  },
];
