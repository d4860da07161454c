import { type Attempt, envelopeText, eventText, type JsonText, jsonText, type LoggedEvent, type Outcome, retryDelay } from "../../src/kernel/index.ts";
import type { Attempts } from "./attempts.ts";
import type { FollowerDefinition, FollowerIdentity, FollowerPorts } from "./contract.ts";
import type { FollowerStore, Lane } from "./follower-store.ts";

/** Deliveries that a lane makes before it gives way. */
const TURN = 50;
/** How long (milliseconds) a dead letter waits for D1 to take it. */
const PARK_AGAIN = 5_000;

/** What a lane works with. */
export interface LaneWork {
  readonly follower: FollowerIdentity;
  readonly ports: FollowerPorts;
  readonly store: FollowerStore;
  readonly attempts: Attempts;
  readonly definition: FollowerDefinition;
  readonly matches: (event: LoggedEvent) => boolean;
  /** Up to where the main way has taken up the log by now. */
  readonly taken: () => number;
  /** Whether nothing more may be begun: the follower was told something, or has stopped. */
  readonly isHalted: () => boolean;
  /** The log is not what it was: the follower goes no further. */
  readonly stop: (reason: string) => void;
  /** The sink wants nothing more. */
  readonly gone: (error: string) => Promise<void>;
}

/** What becomes of an event that failed on the main way, or in a lane: the lane that it waits in. Parked only once D1 has a copy. */
export async function putBack(work: LaneWork, lane: Lane, event: LoggedEvent, outcome: Extract<Outcome, { kind: "failed" }>): Promise<void> {
  const { retry } = work.definition;
  const isOver = outcome.isFinal === true || lane.tries >= retry.maxAttempts;
  const due = work.ports.now() + retryDelay(retry, lane.tries, work.ports.chance(), outcome.retryAfterMs);
  if (isOver) return parkLane(work, lane, event);
  work.store.putLane({ ...lane, state: "retrying", due });
}

/** What a dead letter is parked with. */
type Parking = Pick<LaneWork, "follower" | "ports" | "store" | "attempts">;

/** Copies a dead letter to D1, then marks its lane; where D1 does not take it, the lane comes again. */
export function parkLane(work: Parking, lane: Lane, event: LoggedEvent): Promise<void> {
  return copyLetter(work, { lane, parkedAt: giveUp(work, lane) }, event);
}

/** Its attempts are over: from now on a dead letter, of which D1 has no copy yet. Gives when that was. */
export function giveUp({ ports, store }: Pick<Parking, "ports" | "store">, lane: Lane): string {
  const parkedAt = new Date(ports.now()).toISOString();
  // Before D1 is asked: it may take the copy, and its answer be lost.
  store.putLane({ ...lane, state: "retrying", isOver: true, parkedAt, due: ports.now() + PARK_AGAIN });
  return parkedAt;
}

/** Copies what was given up to D1, then marks its lane. */
export async function copyLetter(
  { follower, ports, store, attempts }: Parking,
  { lane, parkedAt }: { readonly lane: Lane; readonly parkedAt: string },
  event: LoggedEvent,
): Promise<void> {
  try {
    await ports.park(follower, {
      id: deadLetterId(follower, event.position),
      position: event.position,
      stream: event.stream,
      type: event.type,
      event: textOf(event),
      attempts: lane.attempts,
      parkedAt,
    });
  } catch (fault) {
    console.warn("follower: a dead letter waits for D1", follower.id, String(fault));
    return;
  }
  attempts.parked(1);
  // Part of its redrive until here: that counts it among the failed.
  const { run: _, isOver: __, ...kept } = lane;
  store.putLane({ ...kept, state: "parked", due: Number.MAX_SAFE_INTEGER, parkedAt });
}

/** A dead letter's id: the same however often it is parked. */
export function deadLetterId({ kind, id }: FollowerIdentity, position: number): string {
  return `${kind === "handler" ? "handler:" : ""}${id}~${position}`;
}

/** The event as the API gives it. */
export function textOf(event: LoggedEvent): JsonText {
  const { entry: _, ...shown } = event;
  return eventText(envelopeText(shown), event.data, event.position);
}

/** The lane of an event that failed the first time. */
export function laneOf(key: string, { position, id, type, stream }: LoggedEvent, attempt: Attempt): Lane {
  return { key, stream, position, id, state: "retrying", due: 0, tries: 1, attempts: [attempt], type };
}

/**
 * Takes a lane on: its event again, then what has waited behind it in the log. Says when the circuit is open. What it has done is
 * written at the end of its turn, so after a crash some of it comes again, in order.
 */
export async function takeLaneOn(work: LaneWork, key: string): Promise<void> {
  for (let turn = 0; turn < TURN && !work.isHalted(); turn++) {
    const lane = work.store.lanes.get(key);
    if (lane === undefined || lane.state === "parked" || lane.due > work.ports.now()) return;
    const goesOn = lane.state === "retrying" ? await retry(work, lane) : await catchUp(work, lane);
    if (!goesOn) return;
  }
}

async function retry(work: LaneWork, lane: Lane): Promise<boolean> {
  const { ports, follower, attempts, definition } = work;
  const { events } = await ports.read(follower.tenant, { after: lane.position - 1, to: lane.position, types: ["#"], limit: 1 });
  const event = events.find(({ id }) => id === lane.id);
  if (event === undefined) return missing(work, lane);
  if (lane.isOver || (lane.tries >= definition.retry.maxAttempts && lane.run === undefined)) {
    await parkLane(work, lane, event);
    return false;
  }
  const edited = lane.edit === undefined ? event : { ...event, data: jsonText(lane.edit.data) };
  const tried = await attempts.try(definition, { event: edited, attempt: lane.attempts.length + 1, ...(lane.edit && { isEdited: true }) });
  if (tried.kind === "refused") return false;
  if (tried.outcome.kind === "gone") {
    await work.gone(tried.outcome.error);
    return false;
  }
  const next = { ...lane, tries: lane.tries + 1, attempts: [...lane.attempts, tried.attempt] };
  if (tried.outcome.kind === "delivered") {
    if (lane.parkedAt !== undefined) await ports.unpark(follower, [lane.position]);
    return done(work, lane);
  }
  // A redriven run tries once: what fails again goes back where it was.
  await putBack(work, lane.run === undefined ? next : { ...next, tries: definition.retry.maxAttempts }, event, tried.outcome);
  return false;
}

/** The log was set back, and does not have the event. Who has gone on with another log since knows that: there is nothing to deliver. */
export async function missing(work: Pick<LaneWork, "follower" | "ports" | "store" | "stop">, lane: Lane): Promise<boolean> {
  if (!lane.isOfBefore) {
    work.stop(`The event at ${lane.position} is not the one that waits to be delivered: the log was set back.`);
    return false;
  }
  if (lane.parkedAt !== undefined) await work.ports.unpark(work.follower, [lane.position]);
  return done(work, lane);
}

/** The event is behind it: an event without order leaves nothing, a stream goes on with what waited. */
export function done({ store }: Pick<LaneWork, "store">, lane: Lane): boolean {
  if (lane.key.startsWith("#")) {
    store.removeLane(lane.key);
    return false;
  }
  const { edit: _, run: __, parkedAt: ___, isOfBefore: ____, isOver: _____, ...kept } = lane;
  store.putLane({ ...kept, state: "catching-up", due: 0, tries: 0, attempts: [] });
  return true;
}

async function catchUp(work: LaneWork, lane: Lane): Promise<boolean> {
  const { ports, store, follower, attempts, definition, matches } = work;
  const to = work.taken();
  if (to < lane.position) return false;
  const page = await ports.read(follower.tenant, { after: lane.position, to, types: definition.types, stream: lane.key, limit: TURN });
  if (page.position < to) {
    work.stop(`The log ends at ${page.position}, and this follower was at ${to}: it was set back.`);
    return false;
  }
  let at = lane.position;
  for (const event of page.events.filter(matches)) {
    if (work.isHalted()) {
      store.putLane({ ...lane, position: at });
      return false;
    }
    const tried = await attempts.try(definition, { event, attempt: 1 });
    if (tried.kind === "tried" && tried.outcome.kind === "delivered") {
      at = event.position;
      continue;
    }
    if (tried.kind === "tried" && tried.outcome.kind === "failed") {
      await putBack(work, laneOf(lane.key, event, tried.attempt), event, tried.outcome);
      return false;
    }
    store.putLane({ ...lane, position: at });
    if (tried.kind === "tried" && tried.outcome.kind === "gone") await work.gone(tried.outcome.error);
    return false;
  }
  at = Math.max(at, page.lookedTo);
  // Nothing was taken up meanwhile, so nothing of the stream waits: it is back on the main way.
  if (at >= work.taken()) {
    store.removeLane(lane.key);
    return false;
  }
  store.putLane({ ...lane, position: at });
  return true;
}
