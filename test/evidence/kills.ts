import { checkHistory } from "../../src/testing/history/check-history.ts";
import type { FinalState } from "../../src/testing/history/final-state.ts";
import { History } from "../../src/testing/history/history.ts";
import { readFinalState } from "../../src/testing/history/read-final-state.ts";
import type { Violation } from "../../src/testing/history/violation.ts";
import { chance } from "../support/chance.ts";
import { logOnDisk, type StoredEvent, streamsOnDisk } from "./kills/disk.ts";
import { countCalls, type KillFigures } from "./kills/figures.ts";
import { type KillableServer, killableServer } from "./kills/killable-server.ts";
import { pause, until } from "../local/waiting.ts";
import { Listener } from "./kills/listener.ts";
import { Readers } from "./kills/readers.ts";
import type { Recorded } from "./kills/recorded-client.ts";
import { repairedUntouched, stayed } from "./kills/untouched.ts";
import { FOLLOWED_STREAM, QUIET_STREAMS, STREAMS, Writers } from "./kills/writers.ts";

export interface KillOptions {
  /** At least so many; a few more where the last one happened to leave nothing to repair. */
  readonly kills: number;
  /** What clients do by chance; what the machine does in between is its own. */
  readonly seed: number;
}

export interface KillRun {
  readonly figures: KillFigures;
  /** None where every promise was kept. */
  readonly violations: readonly Violation[];
  /** To be kept, and checked again: `node src/testing/history/main.ts check`. */
  readonly history: History;
  readonly final: FinalState;
}

/** Kills beyond those asked for, at most. */
const MORE_KILLS = 5;
const WRITERS = 8;
const READERS = 2;
/** Appends that are acknowledged between two kills, at least, and how long (milliseconds) a busy machine may take for them. */
const ENOUGH = 30;
const ENOUGH_WITHIN = 10_000;
/** How long (milliseconds) a listener may take for all that it has missed. */
const HEARD_WITHIN = 30_000;

/**
 * Starts the real server, loads it, kills all of its processes in the middle of it, and again, on one state; records what clients asked and
 * were told, and holds all of it against what is there in the end. Needs no test runner. Throws where the server does not start, or
 * refuses what it has to take.
 */
export async function runKills({ kills, seed }: KillOptions): Promise<KillRun> {
  const begun = Date.now();
  const server = await killableServer();
  try {
    const { url, key } = server;
    const to: Recorded = { url, key, history: new History() };
    const random = chance(seed);
    const writers = new Writers(to, random);
    const clients = { writers, readers: new Readers(to, random, writers), log: new Listener(to), stream: new Listener(to, FOLLOWED_STREAM) };
    const killed = await untilKilled(server, clients, kills, random);
    await server.start();
    const repaired = await repairedUntouched(to, killed.stored);
    await writers.settle();
    const streams = new Set([...STREAMS, ...killed.stored.keys()]);
    const final = await whenLogged(() => readFinalState(url, key, { streams }));
    const unheard = await clients.log.hearUpTo(final.log.at(-1)?.position ?? 0, HEARD_WITHIN);
    const unheardOfStream = await clients.stream.hearUpTo(final.streams.find(({ stream }) => stream === FOLLOWED_STREAM)?.version ?? 0, HEARD_WITHIN);
    const { entries } = to.history;
    const violations = [...repaired.violations, ...stayed(repaired.log, final.log), ...unheard, ...unheardOfStream, ...checkHistory(entries, final)];
    const counted = countCalls(entries, final);
    const figures = { ...counted, kills: killed.kills, streamsToRepair: killed.undone.length, seconds: Math.round((Date.now() - begun) / 1000) };
    return { figures, violations, history: to.history, final };
  } finally {
    await server.dispose();
  }
}

interface Clients {
  readonly writers: Writers;
  readonly readers: Readers;
  readonly log: Listener;
  readonly stream: Listener;
}

interface Killed {
  readonly kills: number;
  /** The streams as the last kill left them, on disk. */
  readonly stored: ReadonlyMap<string, readonly StoredEvent[]>;
  /** The streams that nobody asks again, and that the log lacks something of. */
  readonly undone: readonly string[];
}

/** Round by round, until there were enough kills and the last one left work undone. */
async function untilKilled(server: KillableServer, clients: Clients, wanted: number, random: ReturnType<typeof chance>): Promise<Killed> {
  for (let kills = 1; ; kills++) {
    await server.start();
    if (kills > 1) await clients.writers.settle();
    const { answered } = clients.writers;
    const running = Promise.all([clients.writers.run(WRITERS), clients.readers.run(READERS), clients.log.run(), clients.stream.run()]);
    // A fault of theirs is told when they are awaited.
    running.catch(() => {});
    await pause(300 + random.upTo(1_200));
    await until(
      () => clients.writers.answered - answered,
      (taken) => taken >= ENOUGH,
      ENOUGH_WITHIN,
    );
    const kill = server.prepareKill();
    await clients.writers.burst();
    await kill();
    await running;
    if (kills < wanted) continue;
    const stored = await streamsOnDisk(server.stateDir);
    const logged = await logOnDisk(server.stateDir);
    const undone = QUIET_STREAMS.filter((stream) => (logged.get(stream) ?? 0) < (stored.get(stream)?.length ?? 0));
    if (undone.length > 0 || kills === wanted + MORE_KILLS) return { kills, stored, undone };
  }
}

/** Reads again until the log has what the streams have, for a while: what it lacks then is a violation. */
function whenLogged(read: () => Promise<FinalState>): Promise<FinalState> {
  const isLogged = ({ streams, log, views }: FinalState): boolean =>
    log.length >= streams.flatMap(({ events }) => events).length &&
    (views["event-types"] ?? []).reduce((sum, { count }) => sum + Number(count), 0) >= log.length;
  return until(read, isLogged, 10_000);
}
