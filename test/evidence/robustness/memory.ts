import { readFileSync } from "node:fs";

/** What was measured. */
export interface Measured {
  /** Bytes before the first request of all. */
  readonly bytesBefore: number | undefined;
  /** Bytes after each round. */
  readonly rounds: readonly number[];
  readonly requestsPerRound: number;
  readonly bytesPerRequest: number;
}

/** How the memory of the server went over equal rounds of requests. */
export interface Memory {
  /** MiB before the first request of all. */
  readonly before: number | undefined;
  /** MiB after each round. */
  readonly rounds: readonly number[];
  readonly requestsPerRound: number;
  /** Bytes that one request carries on average. */
  readonly bytesPerRequest: number;
  /** MiB, from the first third of the rounds to the last. */
  readonly growth: number;
  /** Bytes of growth to each request between the two. */
  readonly growthPerRequest: number;
}

const MIB = 1024 * 1024;

/** What these processes hold in memory (bytes): their resident set, without what is shared counted twice. Linux alone; undefined elsewhere. */
export function memoryOf(pids: readonly number[]): number | undefined {
  try {
    return pids
      .map((pid) => Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) * 1024)
      .reduce((sum, each) => sum + each, 0);
  } catch {
    return undefined;
  }
}

/**
 * The growth from the first third of the rounds to the last, each told by its least: what a collector can give back is in the least of a few rounds,
 * what is kept is in all of them.
 */
export function memoryFigures({ bytesBefore, rounds, requestsPerRound, bytesPerRequest }: Measured): Memory {
  const third = Math.max(1, Math.floor(rounds.length / 3));
  const growth = Math.min(...rounds.slice(-third)) - Math.min(...rounds.slice(0, third));
  return {
    before: bytesBefore === undefined ? undefined : mebibytes(bytesBefore),
    rounds: rounds.map(mebibytes),
    requestsPerRound,
    bytesPerRequest: Math.round(bytesPerRequest),
    growth: mebibytes(growth),
    growthPerRequest: Math.round(growth / (requestsPerRound * (rounds.length - third))),
  };
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / MIB) * 10) / 10;
}

/** MiB that may come and go with the collector between equal rounds. */
const MOST_GROWTH = 96;
/** Of the bytes that a request carries: what keeps bodies keeps all of them. */
const MOST_KEPT = 0.25;

/** What is wrong with how the memory went; undefined where it is steady. */
export function memoryFault({ growth, growthPerRequest, bytesPerRequest, rounds }: Memory): string | undefined {
  if (growth < MOST_GROWTH && growthPerRequest < MOST_KEPT * bytesPerRequest) return undefined;
  return `expected the memory of the server to be steady, got ${growth} MiB more, ${growthPerRequest} bytes to each request of ${bytesPerRequest} bytes: ${rounds.join(", ")} MiB`;
}
