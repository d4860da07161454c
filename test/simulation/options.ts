import { parseArgs } from "node:util";

export const HELP = `Simulates the engine: its real objects and its projector over stores, a queue, a clock and alarms that fail by a seed.

  node test/simulation/main.ts [flags]

  --seeds N      how many seeds to run (1000)
  --first N      the first seed (1)
  --seed N       one seed alone
  --steps        with --seed: print every step of it
  --everywhere   one small story (with --seed: that seed's), with a crash at its step 1, 2, 3, … until it has no more
  --stop         end at the first seed that fails
  --no-shrink    do not look for the shortest form of a story that fails
  --help         this text

Ends with 1 where a seed failed, with 2 where a flag is not understood.`;

export interface Options {
  readonly seeds: number;
  readonly first: number;
  readonly isOne: boolean;
  readonly steps: boolean;
  readonly everywhere: boolean;
  readonly stop: boolean;
  readonly shrink: boolean;
  readonly help: boolean;
}

/** Reads the flags. Throws a TypeError that says what is wrong with them. */
export function optionsOf(args: readonly string[]): Options {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      seeds: { type: "string", default: "1000" },
      first: { type: "string", default: "1" },
      seed: { type: "string" },
      steps: flag,
      everywhere: flag,
      stop: flag,
      shrink: { type: "boolean", default: true },
      help: flag,
    },
  });
  const { seed, ...rest } = values;
  const isOne = seed !== undefined;
  return { ...rest, isOne, seeds: isOne ? 1 : numberOf("--seeds", values.seeds), first: isOne ? numberOf("--seed", seed) : numberOf("--first", values.first) };
}

function numberOf(flag: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new TypeError(`${flag} wants a number from 1 on, got ${text}`);
  return Number(text);
}
