import { parseArgs } from "node:util";
import { misread } from "../../src/local/flags.ts";

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

const off = { type: "boolean", default: false } as const;
const FLAGS = {
  seeds: { type: "string", default: "1000" },
  first: { type: "string", default: "1" },
  seed: { type: "string" },
  steps: off,
  everywhere: off,
  stop: off,
  shrink: { type: "boolean", default: true },
  help: off,
} as const;

/** Reads the flags. Throws a sentence that says what is wrong with them, and names where help is. */
export function optionsOf(args: readonly string[]): Options {
  const { seed, ...rest } = valuesOf(args);
  const isOne = seed !== undefined;
  return { ...rest, isOne, seeds: isOne ? 1 : numberOf("--seeds", rest.seeds), first: isOne ? numberOf("--seed", seed) : numberOf("--first", rest.first) };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowNegative: true, options: FLAGS }).values;
  } catch (fault) {
    throw new Error(misread(fault, "node test/simulation/main.ts --help"), { cause: fault });
  }
}

function numberOf(flag: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Error(`expected ${flag} to be a number from 1 on, got "${text}"`);
  return Number(text);
}
