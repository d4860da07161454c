import { COUNTER } from "./counter.ts";
import { type PullAction, pulls } from "./pull-story.ts";
import type { Action } from "./story.ts";
import type { Draws } from "./world/draws.ts";
import type { Mode } from "./world/faults.ts";

/** What a subscription is about, as a story says it. */
export interface Wanted {
  readonly types: readonly string[];
  readonly filter?: keyof typeof FILTERS;
  readonly order: "stream" | "none";
  readonly concurrency: 6 | 12;
  readonly from: "now" | "beginning";
  readonly maxAttempts: number;
  /** Two may deliver to one sink. */
  readonly sink: string;
  /** Nobody delivers to it: somebody pulls. */
  readonly isPulled?: true;
}

/** What is asked of a follower that there is. */
export type Steering = "Pause" | "Resume" | "Delete" | "Change" | "Redrive" | "RedriveAll" | "Drop" | "StartReplay";

/** Something that is done about followers; `follower`: `t1/subscription:a`, or `t1/handler:counter`. */
export type FollowerAction =
  | { readonly do: "subscribe"; readonly follower: string; readonly wanted: Wanted }
  | { readonly do: "steer"; readonly follower: string; readonly how: Steering }
  | PullAction;

/** Filters by name: the real one, and what it means. */
export const FILTERS = {
  "of note-1": { filter: { stream: ["note-1"] }, matches: ({ stream }: { readonly stream: string }) => stream === "note-1" },
  "but the first": { filter: "event.version > 1", matches: ({ version }: { readonly version: number }) => version > 1 },
  /** Of those who pull: behind what is refused, there is something that nobody wants. */
  "but some": {
    filter: "event.version < 2 || event.version > 3",
    matches: ({ version }: { readonly version: number }) => version < 2 || version > 3,
  },
} as const;

/** The filters that whoever is pushed to may have. */
const PUSHED = ["of note-1", "but the first"] as const;

const TYPES: readonly (readonly string[])[] = [
  ["#"],
  ["#"],
  ["notes.#"],
  ["notes.Added"],
  ["notes.*", "tally.Added"],
  ["tally.Added", "count.*"],
  ["rivulet.#"],
];

/** What happens about followers in a story: subscriptions are made, asked for something, and their sinks fail; their objects end. */
export function followerActions(
  draws: Draws,
  streams: readonly string[],
  { length, isLong }: { readonly length: number; readonly isLong: boolean },
): readonly Action[] {
  const tenants = [...new Set(streams.map((stream) => stream.split("/")[0] as string))];
  const at = (): number => Math.floor(length * draws.draw("follower at"));
  const actions: Action[] = [];
  const followers = tenants.map((tenant) => `${tenant}/handler:${COUNTER}`);
  // Each event costs as much again for every subscription, so there are few where there are many events.
  const most = isLong ? draws.pick("subscriptions of many", [0, 0, 0, 1]) : draws.pick("subscriptions", [0, 0, 1, 1, 2, 3]);
  for (let index = most; index > 0; index--) {
    const follower = `${draws.pick("subscribes", tenants)}/subscription:${"abc"[index - 1]}`;
    followers.push(follower);
    const made = draws.once("made late", 3) ? at() : 0;
    const about = wanted(draws);
    const steers = steered(draws, follower, made, length);
    if (!draws.once("is pulled", 3)) actions.push({ at: made, do: "subscribe", follower, wanted: about }, ...steers);
    else {
      // Who pulls cannot ask for a replay: it says so where a subscription is pushed to.
      const asked = steers.filter((action) => action.do !== "steer" || action.how !== "StartReplay");
      actions.push(
        { at: made, do: "subscribe", follower, wanted: { ...about, isPulled: true, ...(draws.once("but some", 6) && { filter: "but some" }) } },
        ...asked,
        ...pulls(draws, follower, made, length),
      );
    }
  }
  for (const follower of followers.slice(0, tenants.length)) {
    if (draws.once("handler steered", 6)) actions.push(...paused(draws, follower, 0, length));
    if (draws.once("handler redriven", 4)) actions.push({ at: at(), do: "steer", follower, how: draws.pick("handler how", ["RedriveAll", "Redrive", "Drop"]) });
  }
  const object = (): string => `follower ${draws.pick("follower", followers)}/${draws.once("partition", 4) ? 1 : 0}`;
  for (let i = draws.between("sink faults", 0, 3); i > 0; i--) {
    const fails = sinkFault(draws, tenants, at());
    actions.push(fails);
    // What it leaves behind somebody finds later.
    if (draws.once("found", 2)) actions.push(found(draws, draws.pick("found at", followers), fails.at));
  }
  for (let i = draws.between("follower crashes", 0, 3); i > 0; i--)
    actions.push({ at: at(), do: "crash", who: object(), step: draws.between("follower step", 1, 25) });
  for (let i = draws.between("follower evictions", 0, 2); i > 0; i--) actions.push({ at: at(), do: "evict", who: object() });
  if (draws.once("follower faults", 2)) actions.push(objectFault(draws, object(), at()));
  return actions;
}

function wanted(draws: Draws): Wanted {
  return {
    types: draws.pick("types", TYPES),
    ...(draws.once("filtered", 4) && { filter: draws.pick("filter", PUSHED) }),
    order: draws.once("unordered", 3) ? "none" : "stream",
    concurrency: draws.once("wide", 3) ? 12 : 6,
    from: draws.once("from now", 3) ? "now" : "beginning",
    maxAttempts: draws.pick("attempts", [1, 2, 2, 3, 5]),
    sink: draws.pick("sink", ["x", "y"]),
  };
}

function steered(draws: Draws, follower: string, made: number, length: number): readonly Action[] {
  const at = (): number => made + Math.floor((length - made) * draws.draw("steered at"));
  const steer = (how: Steering): Action => ({ at: at(), do: "steer", follower, how });
  return [
    ...(draws.once("paused", 4) ? paused(draws, follower, made, length) : []),
    ...(draws.once("redriven", 3) ? [steer(draws.pick("redrive", ["RedriveAll", "RedriveAll", "Redrive", "Drop"]))] : []),
    ...(draws.once("replayed", 5) ? [steer("StartReplay")] : []),
    ...(draws.once("changed", 10) ? [steer("Change")] : []),
    ...(draws.once("deleted", 8) ? [steer("Delete")] : []),
  ];
}

/** Paused, and most often resumed later. */
function paused(draws: Draws, follower: string, made: number, length: number): readonly Action[] {
  const [one = 0, other = 0] = [draws.draw("paused at"), draws.draw("paused at")].sort().map((share) => made + Math.floor((length - made) * share));
  const pause: Action = { at: one, do: "steer", follower, how: "Pause" };
  return draws.once("for good", 4) ? [pause] : [pause, { at: other, do: "steer", follower, how: "Resume" }];
}

function found(draws: Draws, follower: string, since: number): Action {
  return { at: since + draws.between("found after", 100, 40_000), do: "steer", follower, how: draws.pick("found how", ["Redrive", "RedriveAll", "Drop"]) };
}

const SINK_MODES: readonly Mode[] = ["500", "500", "500", "before", "after", "slow", "late answer", "429"];

function sinkFault(draws: Draws, tenants: readonly string[], at: number): Action {
  if (draws.once("handler fault", 3))
    return {
      at,
      do: "fault",
      place: "handler",
      mode: draws.pick("handler mode", ["500", "500", "slow"]),
      skip: draws.between("skip", 0, 2),
      times: times(draws),
    };
  const who = draws.once("one sink", 2) ? { who: `sink ${draws.pick("sink of", tenants)}/${draws.pick("which sink", ["x", "y"])}` } : {};
  if (draws.once("gone", 16)) return { at, do: "fault", place: "sink", mode: "410", ...who, skip: draws.between("skip", 0, 2), times: 1 };
  return { at, do: "fault", place: "sink", mode: draws.pick("sink mode", SINK_MODES), ...who, skip: draws.between("skip", 0, 2), times: times(draws) };
}

/** Once, a few times, or for a while. */
function times(draws: Draws): number {
  return draws.pick("sink times", [1, 1, 2, 4, 8, 25]);
}

function objectFault(draws: Draws, who: string, at: number): Action {
  const place = draws.pick("follower place", ["rpc", "rpc", "alarm", "storage"] as const);
  const modes: Readonly<Record<typeof place, readonly Mode[]>> = {
    rpc: ["before", "after", "slow"],
    alarm: ["before", "double", "late", "abandon"],
    storage: ["before", "after"],
  };
  return {
    at,
    do: "fault",
    place,
    mode: draws.pick("follower mode", modes[place]),
    who,
    skip: draws.between("skip", 0, 2),
    times: draws.pick("follower times", [1, 1, 2, 4]),
  };
}
