import type { Steering } from "./follower-story.ts";
import type { Action } from "./story.ts";
import type { Draws } from "./world/draws.ts";

/** What somebody does with what it has leased. */
export type Handling = "acknowledge" | "acknowledge each" | "acknowledge backwards" | "acknowledge some" | "refuse" | "refuse some" | "vanish";

/** Somebody leases, works, and says what became of it. Times in milliseconds; who works longer than its lease is late. */
export interface PullAction {
  readonly do: "pull";
  /** `t1/subscription:a` */
  readonly follower: string;
  readonly limit: number;
  readonly leaseMs: number;
  readonly works: number;
  readonly handling: Handling;
  /** Why it refuses. */
  readonly reason?: string;
}

const HANDLINGS: readonly Handling[] = [
  "acknowledge",
  "acknowledge",
  "acknowledge each",
  "acknowledge backwards",
  "acknowledge some",
  "refuse",
  "refuse",
  "refuse some",
  "vanish",
];

/** How a subscription is pulled from: somebody comes now and then, and often a second one before the first is done. */
export function pulls(draws: Draws, follower: string, made: number, length: number): readonly Action[] {
  const actions: Action[] = [];
  for (let i = draws.between("pulls", 4, 12); i > 0; i--) {
    const at = made + Math.floor((length - made) * draws.draw("pulled at"));
    actions.push(pull(draws, follower, at));
    for (let more = draws.pick("more pulls", [0, 1, 1, 2]); more > 0; more--)
      actions.push(pull(draws, follower, at + draws.pick("pulled after", [0, 5, 50, 1_000, 5_000, 20_000])));
  }
  return [...actions, ...told(draws, follower, actions)];
}

/** What was given up somebody finds later; and who pulls is at it while the subscription is told something. */
function told(draws: Draws, follower: string, pulls: readonly Action[]): readonly Action[] {
  return pulls.flatMap(({ at }): readonly Action[] => {
    if (!draws.once("told at a pull", 4)) return [];
    // A moment before, so that it reaches the object with the pull.
    const steer = (how: Steering, later = 0): Action => ({ at: Math.max(0, at - draws.between("told before", 0, 60)) + later, do: "steer", follower, how });
    const how = draws.pick("told how", HOWS);
    return how === "Pause" ? [steer(how), steer("Resume", draws.between("paused for", 0, 20_000))] : [steer(how)];
  });
}

const HOWS: readonly Steering[] = ["Redrive", "Redrive", "RedriveAll", "Drop", "Change", "Pause"];

function pull(draws: Draws, follower: string, at: number): Action {
  const leaseMs = 1_000 * draws.pick("lease", [1, 2, 5, 20, 60]);
  const isLate = draws.once("late pull", 5);
  return {
    at,
    do: "pull",
    follower,
    limit: draws.pick("pull limit", [1, 2, 3, 5, 10, 20]),
    leaseMs,
    works: isLate ? leaseMs + draws.between("late by", 1, 20_000) : Math.floor(Math.min(leaseMs, 10_000) * draws.draw("pull works") ** 2),
    handling: draws.pick("handling", HANDLINGS),
    ...(draws.once("reason", 2) && { reason: "the story says so" }),
  };
}
