import { type Call, callsOf, ofKind } from "./call.ts";
import { type FinalEvent, type FinalState, nameOf, type ViewFold } from "./final-state.ts";
import type { Entry } from "./history.ts";
import { sharedIds, type Write, writesOf } from "./write.ts";

export interface CheckOptions {
  /** The views that are compared with their folds. */
  readonly views?: readonly ViewFold[];
  /** True where somebody beside the history's clients appended too: then an event that no client sent is no violation. */
  readonly othersAppend?: boolean;
}

/** A run, with what the rules look up in it. */
export interface Run {
  readonly final: FinalState;
  readonly calls: readonly Call[];
  readonly writes: readonly Write[];
  /** Of each stream by versions: its own copy, and the log's of what retention took. */
  readonly events: ReadonlyMap<string, ReadonlyMap<number, FinalEvent>>;
  readonly lastVersion: (stream: string) => number;
  /** Where the log has an event, by its name. */
  readonly positions: ReadonlyMap<string, number>;
  /** Whether the answer to this write may be other than a run of new versions. */
  readonly hasSharedIds: (write: Write) => boolean;
  readonly views: readonly ViewFold[];
  readonly othersAppend: boolean;
}

/** Reads a history against what was there at its end. */
export function runOf(entries: readonly Entry[], final: FinalState, { views = [], othersAppend = false }: CheckOptions = {}): Run {
  const calls = callsOf(entries);
  const writes = writesOf(ofKind(calls, "append"));
  const shared = sharedIds(writes);
  const events = new Map<string, Map<number, FinalEvent>>();
  const firsts = new Map(final.streams.map(({ stream, firstVersion }) => [stream, firstVersion]));
  for (const event of final.log) {
    if (event.version < (firsts.get(event.stream) ?? 1)) versionsOf(events, event.stream).set(event.version, event);
  }
  for (const { stream, events: own } of final.streams) for (const event of own) versionsOf(events, stream).set(event.version, event);
  const lastVersions = new Map([...events].map(([stream, versions]) => [stream, [...versions.keys()].reduce((one, other) => Math.max(one, other), 0)]));
  return {
    final,
    calls,
    writes,
    events,
    lastVersion: (stream) => lastVersions.get(stream) ?? 0,
    positions: new Map(final.log.map((event) => [nameOf(event), event.position ?? 0])),
    hasSharedIds: ({ stream, events }) => events.some(({ id, source }) => shared.has(`${stream} ${source ?? "/v1"} ${id}`)),
    views,
    othersAppend,
  };
}

function versionsOf(streams: Map<string, Map<number, FinalEvent>>, stream: string): Map<number, FinalEvent> {
  const versions = streams.get(stream) ?? new Map<number, FinalEvent>();
  streams.set(stream, versions);
  return versions;
}
