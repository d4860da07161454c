import type { RecordedEvent } from "../../../src/kernel/index.ts";
import { ERRAND_HANDLER, PURSES, TILL, UNLUCKY } from "../errand.ts";
import type { World } from "../world/world.ts";
import { dataOf, type ErrandInstance, errandInstances } from "./errands-on-disk.ts";
import { scopeOf } from "./check-views.ts";
import type { FinalState, LogEvent } from "./final-state.ts";

interface Asked {
  readonly n: number;
  readonly from: string;
  readonly to: string;
}

/** An errand comes to its end, everything of it happened once or was given back once, and it ended as it had to. `isLog`: the log was set back. */
export function* checkSagas(world: World, state: FinalState, { isLog }: { readonly isLog: boolean }): Generator<string> {
  const instances = errandInstances(state);
  for (const instance of instances) {
    world.faults.count(`errand ${instance.status}`);
    yield* checkMoves(instance, state);
    yield* checkEnd(instance, state, isLog);
  }
  for (const [stream, history] of state.histories) {
    const [, tenant, id] = /^([^/]*)\/ask-(.*)$/.exec(stream) ?? [];
    const asked = dataOf<Asked>(history, "ask.Asked");
    if (asked.length > 1) yield `${stream} was asked ${asked.length} times`;
    const instance = instances.find((one) => one.tenant === tenant && one.id === id);
    // Of a log that was set back the saga may have left out what came before it stopped.
    if (asked.length > 0 && !isLog && (instance === undefined || instance.status === "waiting")) yield `${stream} was asked, and nobody does it`;
  }
  if (!isLog) yield* checkList(world, instances);
}

/** How often each purse was moved for an errand, and how often that was given back. */
function* checkMoves({ stream, tenant, id, status, history }: ErrandInstance, { histories }: FinalState): Generator<string> {
  const of = <Data extends { readonly of: string }>(purse: string, type: string): number =>
    dataOf<Data>(histories.get(`${tenant}/purse-${purse}`) ?? [], type).filter((data) => data.of === id).length;
  const begun = dataOf<{ data: Asked }>(history, "saga.Started")[0]?.data;
  for (const purse of [...PURSES, TILL]) {
    const [taken, given, returned] = [of(purse, "purse.Taken"), of(purse, "purse.Given"), of(purse, "purse.Returned")] as const;
    const what = `${stream} (${status}): of ${purse} was taken ${taken} times, given ${given}, returned ${returned}`;
    if (taken > 1 || given > 1 || returned > 1) yield what;
    if (status === "completed") {
      if (taken !== (purse === begun?.from ? 1 : 0) || given !== (purse === begun?.to || purse === TILL ? 1 : 0) || returned !== 0) yield what;
    } else if (status === "compensated" || status === "cancelled") {
      if (returned !== taken + given) yield what;
    } else if (status === "waiting" && taken + given > 0) yield what;
  }
}

/** It is over, and as it had to be: what was confirmed in time and could be given is done, anything else is undone. */
function* checkEnd({ stream, tenant, id, status, history }: ErrandInstance, { histories }: FinalState, isLog: boolean): Generator<string> {
  const ask = histories.get(`${tenant}/ask-${id}`) ?? [];
  const isConfirmed = dataOf(ask, "ask.Confirmed").length > 0;
  const [asked] = dataOf<Asked>(ask, "ask.Asked");
  if (status === "waiting") {
    if (asked !== undefined && !isLog) yield `${stream} has heard of something, and not of what begins it`;
    return;
  }
  if (asked === undefined) yield `${stream} was begun, and nobody asked`;
  if (status === "running" || status === "compensating") yield `${stream} is ${status}, and nothing goes on`;
  if (status === "stuck") yield `${stream} is stuck after it was retried: ${JSON.stringify(dataOf(history, "saga.Stuck").at(-1))}`;
  if (status === "completed" && (!isConfirmed || asked?.n === UNLUCKY))
    yield `${stream} is completed, and ${isConfirmed ? "had no luck" : "nobody confirmed it"}`;
  if (status === "compensated" && asked?.n !== UNLUCKY && !isTooLate(history)) yield `${stream} was undone, and nothing of it had failed`;
}

/** Whether its time was over when it said so, and nothing that it waits for had come. */
function isTooLate(history: readonly RecordedEvent[]): boolean {
  const failed = history.findIndex(({ type }) => type === "saga.StepFailed");
  const deadline = dataOf<{ step: string; deadline?: string }>(history, "saga.StepStarted").find(({ step }) => step === "wait")?.deadline;
  const facts = dataOf<{ fact: { type: string } }>(history.slice(0, Math.max(failed, 0)), "saga.EventReceived");
  const isHeard = facts.some(({ fact }) => fact.type === "ask.Confirmed");
  return deadline !== undefined && (history[failed]?.recorded ?? "") >= deadline && !isHeard;
}

/** The list of instances says of each how it stands. */
function* checkList(world: World, instances: readonly ErrandInstance[]): Generator<string> {
  const { database } = world.views;
  const rows = database.rows<{ tenant: string; id: string; state: string }>("SELECT tenant, id, state FROM saga_instances");
  for (const { stream, tenant, id, status } of instances) {
    const scope = scopeOf(world, tenant, "sagas");
    const shown = rows.find((row) => row.tenant === scope && row.id === id)?.state ?? "waiting";
    if (shown !== status) yield `${stream} is ${status}, and the list of instances says ${shown}`;
  }
}

/** Which events have reached the saga: what came is in its instance, unless that was over. */
export function heardBy(state: FinalState, tenant: string): (event: LogEvent) => boolean {
  const own = new Map(errandInstances(state).flatMap((instance) => (instance.tenant === tenant ? [[instance.id, instance] as const] : [])));
  return ({ stream, version }) => {
    const instance = own.get(stream.slice("ask-".length));
    const isOver = /^(completed|compensated|cancelled)$/.test(instance?.status ?? "");
    return isOver || dataOf<{ key: string }>(instance?.history ?? [], "saga.EventReceived").some(({ key }) => key === `${stream}@${version}`);
  };
}

/** The saga's follower as dead letters call it. */
export const ERRAND_FOLLOWER = `handler:${ERRAND_HANDLER}`;
