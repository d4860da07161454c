import type { FinalState } from "../../../src/testing/history/final-state.ts";
import type { Entry } from "../../../src/testing/history/history.ts";
import { placeWrites } from "../../../src/testing/history/place-writes.ts";
import { runOf } from "../../../src/testing/history/run.ts";
import { ofKind } from "../../../src/testing/history/call.ts";

/** What was done, in numbers. */
export interface KillFigures {
  readonly kills: number;
  /** Appends that were answered in the end, at the first time or when they were sent again. */
  readonly acknowledged: number;
  /** Appends that never had an answer, and how many of them were written. */
  readonly unknown: number;
  readonly unknownWritten: number;
  readonly refused: number;
  /** Requests to append that lost their answer, of all appends. */
  readonly lostAnswers: number;
  readonly events: number;
  readonly reads: number;
  readonly liveEvents: number;
  readonly liveConnections: number;
  /** Streams that the log lacked something of after the last kill, and that nobody asked again. */
  readonly streamsToRepair: number;
  readonly seconds: number;
}

/** Counts what a history says of its appends and reads. */
export function countCalls(
  entries: readonly Entry[],
  final: FinalState,
): Pick<KillFigures, "acknowledged" | "unknown" | "unknownWritten" | "refused" | "lostAnswers" | "events" | "reads" | "liveEvents" | "liveConnections"> {
  const run = runOf(entries, final);
  const { versions } = placeWrites(run);
  const withOutcome = (outcome: string) => run.writes.filter((write) => write.outcome === outcome);
  const lives = ofKind(run.calls, "live").map(({ outcome }) =>
    outcome.phase === "ok" ? outcome.result.events : outcome.phase === "unknown" ? (outcome.seen ?? []) : [],
  );
  return {
    acknowledged: withOutcome("ok").length,
    unknown: withOutcome("unknown").length,
    unknownWritten: withOutcome("unknown").filter((write) => (versions.get(write) ?? []).length > 0).length,
    refused: withOutcome("refused").length,
    lostAnswers: ofKind(run.calls, "append").filter(({ outcome }) => outcome.phase === "unknown").length,
    events: final.log.length,
    reads: run.calls.filter(({ operation, outcome }) => operation.kind.startsWith("read-") && outcome.phase === "ok").length,
    liveEvents: lives.flat().length,
    liveConnections: lives.length,
  };
}

/** The figures in one line. */
export function figuresLine(figures: KillFigures): string {
  const { kills, acknowledged, unknown, unknownWritten, refused, lostAnswers, events, reads, liveEvents, liveConnections, streamsToRepair, seconds } = figures;
  return [
    `${kills} kills in ${seconds} s`,
    `${acknowledged} appends acknowledged`,
    `${unknown} unknown (of which ${unknownWritten} were written)`,
    `${refused} refused`,
    `${lostAnswers} answers lost`,
    `${events} events`,
    `${reads} reads`,
    `${liveEvents} live events over ${liveConnections} connections`,
    `${streamsToRepair} streams to repair after the last kill`,
  ].join("; ");
}
