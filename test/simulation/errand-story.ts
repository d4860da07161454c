import { ERRAND_CATEGORY, ERRAND_HANDLER, PATIENCE, PURSES, TILL, UNLUCKY } from "./errand.ts";
import type { Action } from "./story.ts";
import type { Draws } from "./world/draws.ts";
import type { Mode, Place } from "./world/faults.ts";

/** Something that is done about an errand; `errand`: `t1/e1`. */
export type ErrandAction =
  /** Asked again, it is the same request with the same key. */
  | { readonly do: "ask"; readonly errand: string; readonly n: number; readonly from: string; readonly to: string }
  | { readonly do: "confirm"; readonly errand: string }
  /** By hand, as an operator does it. */
  | { readonly do: "retry" | "cancel"; readonly errand: string };

/** The streams that an errand is about, as stories name them. */
export function errandStreams(errand: string): { readonly ask: string; readonly instance: string } {
  const [tenant, id] = errand.split("/");
  return { ask: `${tenant}/ask-${id}`, instance: `${tenant}/${ERRAND_CATEGORY}-${id}` };
}

/** Whether a story has errands: only then are there any in its code, so that every other story stays as it was. */
export function hasErrands(actions: readonly Action[]): boolean {
  return actions.some((action) => "errand" in action);
}

/** Some errands of a story, and what goes wrong with the objects that do them. */
export function errandActions(draws: Draws, streams: readonly string[], length: number): readonly Action[] {
  const tenants = [...new Set(streams.map((stream) => stream.split("/")[0] as string))];
  const actions: Action[] = [];
  const objects: string[] = [];
  for (let index = draws.between("how many errands", 1, 4); index > 0; index--) {
    const tenant = draws.pick("errand of", tenants);
    const errand = `${tenant}/e${index}`;
    actions.push(...errandActionsOf(draws, errand, Math.floor(length * draws.draw("errand at"))));
    const { ask, instance } = errandStreams(errand);
    const others = [ask, ...[...PURSES, TILL].map((purse) => `${tenant}/purse-${purse}`), `follower ${tenant}/handler:${ERRAND_HANDLER}/0`];
    objects.push(instance, instance, instance, draws.pick("errand's object", others), draws.pick("errand's object", others));
  }
  // Most of it while they are under way.
  const at = (): number => draws.pick("asked", actions).at + draws.between("errand goes wrong", 0, 30_000);
  const wrong: Action[] = [];
  for (let i = draws.between("errand crashes", 0, 4); i > 0; i--)
    wrong.push({ at: at(), do: "crash", who: draws.pick("errand crashes", objects), step: draws.between("errand step", 1, 25) });
  for (let i = draws.between("errand evictions", 0, 2); i > 0; i--) wrong.push({ at: at(), do: "evict", who: draws.pick("errand evicts", objects) });
  for (let i = draws.between("errand faults", 0, 3); i > 0; i--) wrong.push(fault(draws, draws.pick("errand fails", objects), at()));
  if (draws.once("purse fails", 2)) wrong.push(outage(draws, draws.pick("fails while asked", actions)));
  return [...actions, ...wrong];
}

function errandActionsOf(draws: Draws, errand: string, at: number): readonly Action[] {
  const from = draws.pick("from", PURSES);
  const n = draws.pick("errand n", [1, 2, 2, 4, UNLUCKY]);
  const ask: Action & { do: "ask" } = { at, do: "ask", errand, n, from, to: PURSES.find((purse) => purse !== from) as string };
  const actions: Action[] = [ask];
  if (draws.once("asked again", 3)) actions.push({ ...ask, at: at + draws.between("asks again", 0, 40_000) });
  // Now and then before it was asked, and now and then too late.
  const confirmed = at + draws.between("confirmed after", -2_000, PATIENCE * 1.2);
  if (!draws.once("never confirmed", 5)) actions.push({ at: Math.max(confirmed, 0), do: "confirm", errand });
  if (draws.once("by hand", 4))
    actions.push({ at: at + draws.between("by hand after", 0, 60_000), do: draws.pick("how by hand", ["retry", "cancel"]), errand });
  if (draws.once("cancelled under way", 6)) actions.push(...cancelledUnderWay(draws, ask));
  return actions;
}

/** What it sends is slow, and it is cancelled meanwhile: what arrives late must be undone all the same. */
function cancelledUnderWay(draws: Draws, { at, errand, from }: ErrandAction & { do: "ask"; at: number }): readonly Action[] {
  const who = `${errand.split("/")[0]}/purse-${from}`;
  return [
    { at, do: "fault", place: "rpc", mode: "slow", who, skip: 0, times: 1 },
    { at: at + draws.between("cancelled after", 500, 12_000), do: "cancel", errand },
  ];
}

const MODES: Readonly<Partial<Record<Place, readonly Mode[]>>> = {
  rpc: ["before", "after", "after", "slow"],
  alarm: ["before", "double", "late", "abandon"],
  storage: ["before", "after"],
};

function fault(draws: Draws, who: string, at: number): Action {
  const place = draws.pick("errand place", ["rpc", "rpc", "alarm", "storage"] as const);
  return {
    at,
    do: "fault",
    place,
    mode: draws.pick("errand mode", MODES[place] as readonly Mode[]),
    who,
    skip: draws.between("errand skip", 0, 3),
    times: draws.pick("errand times", [1, 1, 2, 4, 12]),
  };
}

/** A purse that fails longer than it is tried. */
function outage(draws: Draws, { at, ...about }: Action): Action {
  const who = `${"errand" in about ? about.errand.split("/")[0] : ""}/purse-${draws.pick("which purse", [...PURSES, TILL])}`;
  const mode = draws.pick("how the purse fails", ["before", "after"] as const);
  return { at: at + draws.between("purse fails at", 0, 8_000), do: "fault", place: "rpc", mode, who, skip: 0, times: draws.between("purse fails", 2, 24) };
}

/** An action about an errand as people read it. */
export function errandText(action: ErrandAction): string {
  if (action.do !== "ask") return `${action.do} ${action.errand}${action.do === "confirm" ? "" : ", by hand"}`;
  return `ask ${action.errand}: ${action.n} from ${action.from} to ${action.to}`;
}
