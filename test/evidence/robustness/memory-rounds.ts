import { type Case, type Ground, plainDraft, refusedCases, withJson } from "./cases.ts";
import { type Memory, memoryFigures, memoryOf } from "./memory.ts";
import { naughtyCases } from "./naughty.ts";
import { written } from "./request.ts";
import type { Run } from "./run.ts";

const ROUNDS = 12;
/** Where there is time: slow growth shows in many rounds. */
const MANY_ROUNDS = 60;
/** Rounds before the first that counts: caches fill, code is compiled. */
const WARM_UP = 4;

/** Whose memory is watched, and how it was before the first request. */
export interface Watched {
  readonly processes: () => readonly number[];
  readonly full: boolean;
  readonly bytesBefore: number | undefined;
}

/** Asks the same in equal rounds, and reads the memory of the server after each. */
export async function measureMemory(run: Run, grounds: readonly Ground[], { processes, full, bytesBefore }: Watched): Promise<Memory | undefined> {
  const cases = grounds.flatMap(roundOf);
  const rounds: number[] = [];
  for (let round = 0; round < WARM_UP + (full ? MANY_ROUNDS : ROUNDS); round++) {
    await run.all("memory", cases);
    const bytes = memoryOf(processes());
    if (bytes === undefined) return undefined;
    if (round >= WARM_UP) rounds.push(bytes);
  }
  const sent = cases.reduce((sum, { request }) => sum + (request.body?.length ?? 0), 0);
  return memoryFigures({ rounds, bytesBefore, requestsPerRound: cases.length, bytesPerRequest: sent / cases.length });
}

/** Bytes of the large bodies: what keeps them is seen soon. */
const LARGE = 256 * 1024;
const LARGE_EACH = 6;
/** Of the refused and of the naughty ones, those that go into a round. */
const OF_EACH_KIND = 4;

/** One operation's share of a round: what is taken, what is refused, what is naughty, and large bodies. */
function roundOf(ground: Ground): readonly Case[] {
  const { operation } = ground;
  const plain = plainDraft(ground);
  const make = (draft: typeof plain, why: string): Case => ({ operation, request: written(operation, draft), why, expect: "either" });
  const large = operation.bodies.map(([type]) => make(withJson(plain, type, { large: "x".repeat(LARGE) }), "a large body"));
  const many = Array.from({ length: LARGE_EACH }, () => large).flat();
  return [make(plain, "only what is needed"), ...refusedCases(ground).slice(0, OF_EACH_KIND), ...naughtyCases(ground, 1).slice(0, OF_EACH_KIND), ...many];
}
