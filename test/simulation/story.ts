import { type ErrandAction, errandActions } from "./errand-story.ts";
import { type FollowerAction, followerActions } from "./follower-story.ts";
import { Draws } from "./world/draws.ts";
import type { Mode, Place } from "./world/faults.ts";

/** What must hold of a stream, as the client knows it when its request leaves. */
export type Condition = "none" | "known" | "stale" | "new" | "exists";

/** One thing that somebody does, or that goes wrong; `at`: milliseconds since the story began. Streams and objects are named `t1/note-1`, `dispatcher t1`. */
export type Action = { readonly at: number } & (
  | {
      readonly do: "append";
      readonly stream: string;
      readonly count: number;
      /** The events' ids from outside; where there are fewer than events, the others get none. */
      readonly ids: readonly number[];
      /** An id comes with other data than everybody else gives it. */
      readonly isClash?: true;
      readonly key?: number;
      /** Two send the same at the same time, where a key or ids make that one. */
      readonly isTwice?: true;
      readonly when: Condition;
    }
  | {
      readonly do: "execute";
      readonly stream: string;
      readonly command: "Configure" | "Remove" | "Add";
      readonly value: number;
      readonly key?: number;
      readonly when: Condition;
    }
  | { readonly do: "close"; readonly stream: string; readonly purge: boolean; readonly when: Condition }
  | { readonly do: "retain"; readonly stream: string; readonly keep: number }
  | { readonly do: "read" | "settle" | "reconcile" | "hint"; readonly stream: string }
  | { readonly do: "read log"; readonly tenant: string }
  /** A view is built anew beside the rows that are read. */
  | {
      readonly do: "rebuild";
      readonly tenant: string;
      readonly view: "event_types" | "correlations" | "sources";
      readonly purpose: "rebuild" | "compare" | "rollback";
    }
  /** A message of a form that no build knows. */
  | { readonly do: "foreign" }
  | { readonly do: "crash"; readonly who: string; readonly step: number }
  | { readonly do: "evict"; readonly who: string }
  | { readonly do: "fault"; readonly place: Place; readonly mode: Mode; readonly who?: string; readonly skip: number; readonly times: number }
  /** From now on so much of what starts runs the new build. */
  | { readonly do: "deploy"; readonly share: number }
  | { readonly do: "copy log" }
  /** The log is set back to the copy, or made anew where there is none. */
  | { readonly do: "restore log" }
  /** The stream's own database is copied; set back to the copy, if there is one: what it takes from then on is another history than the log has. */
  | { readonly do: "copy stream" | "restore stream"; readonly stream: string }
  | FollowerAction
  | ErrandAction
);

/** A whole story: everything that is not decided by the engine or by the seed's luck with delays. */
export interface Story {
  readonly seed: number;
  /** Projectors that may run at once. */
  readonly consumers: number;
  readonly actions: readonly Action[];
}

/** Names that the story's streams have: plain ones, and two kinds of aggregates. */
function streamsOf(draws: Draws): readonly string[] {
  const tenants = draws.once("two tenants", 3) ? ["t1", "t2"] : ["t1"];
  const count = draws.between("streams", 1, 4);
  const nameOf = (index: number): string => {
    if (index === 3) return "rivulet_source-a";
    return draws.once("aggregate", 6) ? `tally-${index + 1}` : `note-${index + 1}`;
  };
  return Array.from({ length: count }, (_, index) => `${draws.pick("tenant", tenants)}/${nameOf(index)}`);
}

/** Makes the story of a seed. */
export function storyOf(seed: number): Story {
  const draws = new Draws(seed);
  const streams = streamsOf(draws);
  const length = draws.pick("length", [8_000, 20_000, 60_000, 200_000, 400_000]);
  const isRestored = draws.once("restored", 6);
  const actions: Action[] = [];
  const add = (count: number, make: (at: number) => Action): void => {
    for (let i = 0; i < count; i++) actions.push(make(Math.floor(length * draws.draw("at") ** 1.5)));
  };
  add(draws.between("requests", 5, 18), (at) => request(draws, streams, at, isRestored));
  if (draws.once("burst", 2)) {
    const start = Math.floor(length * draws.draw("burst at"));
    const stream = draws.pick("burst stream", streams);
    for (let i = draws.between("burst size", 2, 8); i > 0; i--) actions.push({ ...append(draws, stream, start + draws.between("burst gap", 0, 3)) });
  }
  if (draws.once("long", 8)) actions.push({ ...append(draws, streams.at(-1) as string, 1), count: draws.between("long", 95, 99), ids: [], when: "none" });
  add(draws.between("faults", 0, 6), (at) => fault(draws, streams, at));
  add(draws.between("crashes", 0, 3), (at) => ({ at, do: "crash", who: object(draws, streams, "projector"), step: draws.between("step", 1, 25) }));
  add(draws.between("evictions", 0, 2), (at) => ({ at, do: "evict", who: object(draws, streams) }));
  const tally = streams.find((stream) => stream.includes("/tally-"));
  // Snapshots come with the hundredth event: they are another build's to read, or not to.
  if (tally !== undefined && draws.once("snapshots", 2)) {
    const { key: _, ...many } = append(draws, tally, 0);
    const add = (at: number): Action => ({ at, do: "execute", stream: tally, command: "Add", value: draws.between("value", 1, 3), when: "none" });
    actions.push({ ...many, count: 99, ids: [], when: "none" });
    for (let i = draws.between("tallied", 3, 6); i > 0; i--) actions.push(add(i < 3 ? 30 * i : Math.floor(length * draws.draw("tallied at"))));
    actions.push({ at: Math.floor(length / 2), do: "crash", who: tally, step: 1 });
  }
  if (draws.once("deploys", tally === undefined ? 3 : 1))
    add(draws.between("deploys", 1, 3), (at) => ({ at, do: "deploy", share: draws.pick("share", [0, 0.5, 0.5, 1]) }));
  // Longer than a handler that fails is tried again.
  if (draws.once("outage", 8)) add(1, (at) => ({ at, do: "fault", place: draws.pick("down", ["log", "views"]), mode: "before", skip: 0, times: 500 }));
  if (draws.once("rebuilds", 6)) add(draws.between("rebuilds", 1, 3), (at) => rebuild(draws, streams, at));
  if (draws.once("foreign", 6)) add(1, (at) => ({ at, do: "foreign" }));
  if (isRestored) {
    const restored = Math.floor(length * (0.3 + 0.6 * draws.draw("restored at")));
    actions.push({ at: restored, do: "restore log" });
    if (draws.once("set back", 2)) actions.push({ at: Math.floor(restored * draws.draw("copied at")), do: "copy log" });
    if (draws.once("blind views", 2)) actions.push(...blindViews(draws, streams, restored));
  } else if (draws.once("fork", 12)) {
    const stream = draws.pick("forked", streams);
    const restored = Math.floor(length * (0.3 + 0.6 * draws.draw("restored at")));
    actions.push({ at: Math.floor(restored * draws.draw("copied at")), do: "copy stream", stream }, { at: restored, do: "restore stream", stream });
    for (let i = draws.between("after the fork", 0, 4); i > 0; i--) actions.push(append(draws, stream, restored + draws.between("grows", 0, 5_000)));
  }
  const isLong = actions.some((action) => action.do === "append" && action.count > 90);
  actions.push(...followerActions(draws, streams, { length, isLong }));
  if (draws.once("of errands", 8)) actions.push(...errandActions(draws, streams, length));
  actions.sort((one, other) => one.at - other.at);
  return { seed, consumers: draws.between("consumers", 1, 3), actions };
}

function object(draws: Draws, streams: readonly string[], ...more: string[]): string {
  const stream = draws.pick("object", streams);
  return draws.pick("who", [stream, stream, `dispatcher ${stream.split("/")[0]}`, ...more]);
}

function append(draws: Draws, stream: string, at: number): Action & { do: "append" } {
  const count = draws.between("count", 1, 4);
  const ids = draws.once("ids", 3) ? [...new Set(Array.from({ length: count }, () => draws.between("id", 1, 6)))] : [];
  return {
    at,
    do: "append",
    stream,
    count: Math.max(count, ids.length),
    ids,
    ...(ids.length > 0 && draws.once("clash", 6) && { isClash: true as const }),
    ...(draws.once("keyed", 2) && { key: draws.between("key", 1, 12) }),
    ...(draws.once("twice", 4) && { isTwice: true as const }),
    when: draws.pick("when", ["none", "none", "none", "known", "known", "stale", "new", "exists"]),
  };
}

function request(draws: Draws, streams: readonly string[], at: number, isRestored: boolean): Action {
  const stream = draws.pick("stream", streams);
  const isSource = stream.includes("/rivulet_source-");
  const isAggregate = isSource || stream.includes("/tally-");
  const what = draws.draw("request");
  if (isAggregate && what < 0.6) {
    const command = !isSource ? "Add" : draws.once("remove", 4) ? "Remove" : "Configure";
    const when = draws.pick("when", ["none", "none", "known"] as const);
    return {
      at,
      do: "execute",
      stream,
      command,
      value: draws.between("value", 1, 3),
      ...(draws.once("keyed", 2) && { key: draws.between("key", 1, 12) }),
      when,
    };
  }
  if (what < 0.62) return append(draws, stream, at);
  if (what < 0.66 && !isSource) return { at, do: "close", stream, purge: draws.once("purge", 2), when: draws.pick("when", ["none", "known"]) };
  // What a stream no longer keeps cannot come back to a log that was lost: such streams are another story.
  if (what < 0.71 && !isRestored) return { at, do: "retain", stream, keep: draws.between("keep", 1, 4) };
  if (what < 0.83) return { at, do: "read", stream };
  if (what < 0.88) return { at, do: "read log", tenant: stream.split("/")[0] as string };
  if (what < 0.93) return { at, do: "hint", stream };
  return { at, do: what < 0.97 ? "settle" : "reconcile", stream };
}

/** The views hear of it only when the log has grown again, perhaps in another order. */
function blindViews(draws: Draws, streams: readonly string[], restored: number): readonly Action[] {
  const fault: Action = { at: restored + 1, do: "fault", place: "views", mode: "before", skip: 0, times: draws.between("blind", 3, 40) };
  const comings = Array.from({ length: draws.between("comings", 2, 6) }, (_, index): Action => {
    const at = restored + 10 + 250 * index;
    const stream = draws.pick("comes", streams);
    return draws.once("grows", 2) ? append(draws, stream, at) : { at, do: "hint", stream };
  });
  return [fault, ...comings];
}

function rebuild(draws: Draws, streams: readonly string[], at: number): Action {
  const tenant = draws.pick("rebuilt of", streams).split("/")[0] as string;
  const view = draws.pick("rebuilt", ["event_types", "correlations", "sources"] as const);
  return { at, do: "rebuild", tenant, view, purpose: draws.pick("purpose", ["rebuild", "rebuild", "compare", "rollback"]) };
}

/** What followers reach, sinks and their own code, fails by itself: see follower-story.ts. */
const MODES: Readonly<Record<Exclude<Place, "sink" | "handler">, readonly Mode[]>> = {
  log: ["before", "after", "middle", "refused", "slow", "late answer"],
  views: ["before", "after", "middle", "slow", "late answer"],
  send: ["before", "after", "slow"],
  message: ["lose", "lose", "double", "delay"],
  rpc: ["before", "after", "slow"],
  alarm: ["before", "double", "late", "abandon"],
  storage: ["before", "after"],
};

function fault(draws: Draws, streams: readonly string[], at: number): Action {
  const place = draws.pick("place", Object.keys(MODES) as (keyof typeof MODES)[]);
  const isOfObject = place === "alarm" || place === "storage" || (place === "rpc" && draws.once("rpc to one", 2));
  return {
    at,
    do: "fault",
    place,
    mode: draws.pick("mode", MODES[place]),
    ...(isOfObject && { who: object(draws, streams) }),
    skip: draws.pick("skip", [0, 0, 1, 2, 3, 5]),
    times: draws.pick("times", [1, 1, 2, 4, 8]),
  };
}
