import { type Call, ofKind } from "./call.ts";
import type { FinalEvent } from "./final-state.ts";
import { describe, type Live, type SeenEvent } from "./operation.ts";
import { isPlatforms } from "./platforms.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";

/**
 * A live connection gives every event from its start on, in order, once and as it is. One that the client ended of its own will has
 * had all up to where it says; one that broke has had a beginning of it.
 */
export function checkLive(run: Run): readonly Violation[] {
  const streams = Map.groupBy(run.final.log, ({ stream }) => stream);
  const log = run.final.log.filter(({ stream }) => !isPlatforms(stream)).map((event) => ({ number: event.position ?? 0, event }));
  return ofKind(run.calls, "live").flatMap((call) => {
    const { stream } = call.operation;
    if (stream === undefined) return checkConnection(call, log);
    const own = [...(run.events.get(stream)?.values() ?? streams.get(stream) ?? [])].map((event) => ({ number: event.version, event }));
    return checkConnection(
      call,
      own.toSorted((one, other) => one.number - other.number),
    );
  });
}

interface Numbered {
  readonly number: number;
  readonly event: FinalEvent;
}

function checkConnection({ operation, outcome }: Call<Live>, feed: readonly Numbered[]): readonly Violation[] {
  if (outcome.phase === "failed") return [];
  const seen = outcome.phase === "ok" ? outcome.result.events : (outcome.seen ?? []);
  const number = (event: SeenEvent): number => (operation.stream === undefined ? (event.position ?? 0) : event.version);
  const from = operation.from ?? (seen[0] && number(seen[0])) ?? Infinity;
  // Where each number stands in the feed, from the start of the connection on.
  const begin = feed.findIndex((each) => each.number >= from);
  const expected = begin < 0 ? [] : feed.slice(begin);
  const places = new Map(expected.map((each, place) => [each.number, place]));
  const copies = new Set(feed.map((each) => each.number));
  const violations: Violation[] = [];
  const tell = (kind: Violation["kind"], message: string): void => void violations.push({ kind, message: `${describe(operation)} ${message}` });
  const heard = new Set<number>();
  let next = 0;
  for (const event of seen) {
    const got = number(event);
    const place = places.get(got);
    const wanted = expected[next]?.number ?? "nothing";
    if (got < from && copies.has(got)) tell("live-repeat", `gave ${got}, which is before its start.`);
    else if (place === undefined) tell("live-differs", `gave ${got} (id ${event.id}), which is not there from its start on.`);
    else if (heard.has(got)) tell("live-repeat", `gave ${got} again, where ${wanted} is expected.`);
    else if (place < next) tell("live-order", `gave ${got} late, where ${wanted} is expected.`);
    else if (place > next) tell("live-gap", `gave ${got}, where ${wanted} is expected.`);
    const copy = place === undefined ? undefined : expected[place]?.event;
    if (copy && (copy.id !== event.id || copy.hash !== event.hash)) {
      tell("live-differs", `gave ${event.id} with ${event.hash} for ${got}; it is ${copy.id} with ${copy.hash}.`);
    }
    heard.add(got);
    if (place !== undefined) next = Math.max(next, place + 1);
  }
  if (outcome.phase === "ok") {
    const { upTo } = outcome.result;
    const rest = expected.slice(next).filter((each) => each.number <= upTo);
    if (rest.length > 0) tell("live-incomplete", `ended at ${upTo} without ${rest.map((each) => each.number).join(", ")}.`);
  }
  return violations;
}
