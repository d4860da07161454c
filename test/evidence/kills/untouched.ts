import { differences, foldOf } from "../../../src/testing/history/check-views.ts";
import { eventTypesFold } from "../../../src/testing/history/event-types-fold.ts";
import type { FinalEvent } from "../../../src/testing/history/final-state.ts";
import type { Row } from "../../../src/testing/history/operation.ts";
import { readAll } from "../../../src/testing/history/read-all.ts";
import type { Violation } from "../../../src/testing/history/violation.ts";
import type { StoredEvent } from "./disk.ts";
import { until } from "../../local/waiting.ts";
import type { Recorded } from "./recorded-client.ts";

/** How long (milliseconds) the objects' alarms may take to bring everything to the log and the view after the last start. */
const REPAIRED_WITHIN = 60_000;

/**
 * Waits until the log and the view have as much as the streams had on disk, without asking a stream for anything, and holds them against
 * each other: what the last kill left undone, only the platform's own alarms have done.
 */
export async function repairedUntouched(
  { url, key }: Recorded,
  stored: ReadonlyMap<string, readonly StoredEvent[]>,
): Promise<{ readonly log: readonly FinalEvent[]; readonly violations: readonly Violation[] }> {
  const expected = [...stored.values()].flat().length;
  const log = await until(
    () => readAll<FinalEvent>(url, key, "/v1/events"),
    ({ length }) => length >= expected,
    REPAIRED_WITHIN,
  );
  const rows = await until(
    () => readAll<Row>(url, key, "/v1/event-types"),
    (types) => (eventTypesFold.countOf?.(types) ?? 0) >= expected,
    log.length < expected ? 0 : REPAIRED_WITHIN,
  );
  const viewed = differences(eventTypesFold, foldOf(eventTypesFold, log), rows).map((message): Violation => ({
    kind: "view-differs",
    message: `After the last start: ${message}`,
  }));
  return { log, violations: [...compare(stored, log), ...viewed] };
}

function compare(stored: ReadonlyMap<string, readonly StoredEvent[]>, log: readonly FinalEvent[]): readonly Violation[] {
  const logged = Map.groupBy(log, ({ stream }) => stream);
  const text = (event: StoredEvent | undefined): string => (event === undefined ? "nothing" : `version ${event.version} ${event.id} ${event.hash}`);
  return [...new Set([...stored.keys(), ...logged.keys()])].flatMap((stream): readonly Violation[] => {
    const [own, copies] = [stored.get(stream) ?? [], logged.get(stream) ?? []];
    const length = Math.max(own.length, copies.length);
    const wrong = Array.from({ length }, (_, index) => index).find((index) => text(own[index]) !== text(copies[index]));
    if (wrong === undefined) return [];
    const kind = copies[wrong] === undefined ? "log-lacks-event" : own[wrong] === undefined ? "log-unknown-event" : "log-differs";
    const message = `After the last start, with nothing asked of ${stream}, the log has ${text(copies[wrong])} as its event ${wrong + 1}; on disk was ${text(own[wrong])}. It has ${copies.length} of ${own.length}.`;
    return [{ kind, message }];
  });
}

/** What was in the log stays where it is. */
export function stayed(before: readonly FinalEvent[], after: readonly FinalEvent[]): readonly Violation[] {
  const moved = before.findIndex(({ position, hash }, index) => after[index]?.position !== position || after[index]?.hash !== hash);
  if (moved < 0) return [];
  const [was, is] = [before[moved], after[moved]];
  return [
    { kind: "log-differs", message: `Position ${was?.position} of the log was ${was?.stream}@${was?.version}; later it was ${is?.stream}@${is?.version}.` },
  ];
}
