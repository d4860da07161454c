import { chance } from "../../support/chance.ts";
import type { Incoming } from "./receiver.ts";

/**
 * What a receiver does with a request: takes it (at once, slowly, or with a body that never ends in time), answers with a status, cuts
 * the connection, or says nothing.
 */
export type Conduct = "take" | "slow" | "drip" | "reset" | "hang" | number;

/** Of 100 requests so many end so; the others are taken at once. */
const SHARES: readonly (readonly [Conduct, number])[] = [
  [500, 12],
  [503, 5],
  ["reset", 10],
  ["hang", 3],
  ["slow", 4],
  ["drip", 1],
];

/** Draws by the seed, the event and how often it came: the same for the same request, whatever comes between. */
export function byChance(seed: number, incoming: Incoming): Conduct {
  const drawn = draw(seed, incoming);
  let sum = 0;
  return SHARES.find(([, share]) => drawn <= (sum += share))?.[0] ?? "take";
}

/** One request in ten is answered with 500, the others are taken. */
export function oneInTen(seed: number, incoming: Incoming): Conduct {
  return draw(seed, incoming) <= 10 ? 500 : "take";
}

/** 1 to 100. */
function draw(seed: number, { path, event, times }: Incoming): number {
  const place = Number(path.replaceAll(/\D/g, ""));
  return chance(seed + 7_919 * event.position + 104_729 * times + 1_299_709 * place).upTo(100);
}
