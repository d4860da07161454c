import type { Ledger } from "../ledger.ts";
import type { World } from "../world/world.ts";
import { checkAlarms } from "./check-alarms.ts";
import { checkCalls } from "./check-calls.ts";
import { checkFollowers, type FollowersAsked } from "./check-followers.ts";
import { checkLog } from "./check-log.ts";
import { checkReads } from "./check-reads.ts";
import { checkSagas } from "./check-sagas.ts";
import { checkStreams } from "./check-streams.ts";
import { checkViews } from "./check-views.ts";
import { finalState } from "./final-state.ts";

/** Which databases were set back in the story. */
export interface Restored {
  isLog: boolean;
  /** Streams whose own database was: what clients were told of them need not hold any more, and the log may keep another history. */
  readonly streams: Set<string>;
}

/** The first thing that is wrong once everything has come to rest; undefined where all is well. */
export function findFault(world: World, ledger: Ledger, restored: Restored, healed?: FollowersAsked["healed"]): string | undefined {
  if (world.broken !== undefined) return world.broken;
  const state = finalState(world);
  const kept = ledger.without(restored.streams);
  const checks = [
    checkStreams(state, restored.streams),
    checkLog(world, state, restored.streams),
    checkViews(world, state, restored.isLog),
    checkCalls(kept, state, ledger.calls),
    checkReads(kept, state, restored.streams),
    checkFollowers(world, state, { isLog: restored.isLog, ...(healed && { healed }) }),
    checkSagas(world, state, restored),
    checkAlarms(world),
  ];
  return firstOf(checks);
}

/** The same of followers alone, while sinks may have refused something and nobody has redriven it. */
export function findFollowerFault(world: World, { isLog }: Restored): string | undefined {
  if (world.broken !== undefined) return world.broken;
  return firstOf([checkFollowers(world, finalState(world), { isLog }), checkAlarms(world)]);
}

function firstOf(checks: readonly Iterator<string>[]): string | undefined {
  for (const check of checks) {
    const { value, done } = check.next();
    if (done !== true) return value;
  }
  return undefined;
}
