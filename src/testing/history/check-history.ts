import { checkLive } from "./check-live.ts";
import { checkLog } from "./check-log.ts";
import { checkOrder } from "./check-order.ts";
import { checkReads } from "./check-reads.ts";
import { checkRepeats } from "./check-repeats.ts";
import { checkStreams } from "./check-streams.ts";
import { checkViews } from "./check-views.ts";
import { eventTypesFold } from "./event-types-fold.ts";
import type { FinalState } from "./final-state.ts";
import type { Entry } from "./history.ts";
import { placeWrites } from "./place-writes.ts";
import { type CheckOptions, runOf } from "./run.ts";
import type { Violation } from "./violation.ts";

/**
 * Holds what clients were told against what is there at the end of a run: the promises of the contract, on any run. Pure. Gives every
 * violation that it finds; none for a run that is as promised. Throws only for a history that is none.
 */
export function checkHistory(entries: readonly Entry[], final: FinalState, options: CheckOptions = {}): readonly Violation[] {
  const run = runOf(entries, final, { views: [eventTypesFold], ...options });
  const placed = placeWrites(run);
  return [
    ...checkStreams(run),
    ...placed.violations,
    ...checkOrder(run, placed.versions),
    ...checkRepeats(run),
    ...checkLog(run),
    ...checkViews(run),
    ...checkReads(run),
    ...checkLive(run),
  ];
}
