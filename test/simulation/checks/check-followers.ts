import { partitionOf } from "../../../durable-objects/follower/contract.ts";
import type { Receipt } from "../world/sinks.ts";
import type { World } from "../world/world.ts";
import { checkCount } from "./check-count.ts";
import { acknowledgedOf, checkPulls } from "./check-pulls.ts";
import { ERRAND_FOLLOWER, heardBy } from "./check-sagas.ts";
import type { FinalState, LogEvent } from "./final-state.ts";
import { type PartitionOnDisk, partitionsOnDisk } from "./followers-on-disk.ts";
import { type Following, followings, isFor } from "./following.ts";

/** What is known of the story beside what is on disk. */
export interface FollowersAsked {
  /** The log was lost or set back: followers may have stopped, if they say so. */
  readonly isLog: boolean;
  /** Sinks were well, everybody was resumed and every dead letter redriven: nothing may be left. Undefined while it was not yet. */
  readonly healed?: {
    /** The head of each tenant's log before its streams got one more event. */
    readonly heads: ReadonlyMap<string, number>;
    /** When that began (milliseconds since 1970). */
    readonly time: number;
  };
}

/** P6: every matching event was delivered, in its stream's order, or is parked, or waits behind what is parked; and nothing else was. */
export function* checkFollowers(world: World, state: FinalState, asked: FollowersAsked): Generator<string> {
  const all = followings(world, state);
  for (const following of all) {
    const partitions = partitionsOnDisk(world, following.follower);
    const own = following.isPulled ? receiptsOfPulls(world, following) : receiptsOf(world, following);
    yield* checkNothingElse(following, own, state);
    yield* checkLetters(world, following, partitions);
    if (following.status === "deleted") {
      yield* checkDeleted(following, partitions, own, asked);
      continue;
    }
    yield* checkRest(following, partitions, asked);
    if (following.isPulled) yield* checkPulls(world, following, state, asked);
    else yield* checkOrder(following, own, asked, state);
    const isDone = following.isPulled ? acknowledgedOf(world, following.follower) : yield* doneBy(following, own, state);
    yield* checkAccounted(following, { partitions, asked, isDone }, state);
    if (!asked.isLog) yield* checkReplays(following, partitions, own, state);
  }
  yield* checkLettersOfNobody(world, all);
}

function receiptsOf({ sinks }: World, { follower }: Following): readonly Receipt[] {
  return sinks.receipts.filter(({ subscription }) => `${subscription.replace("/", "/subscription:")}` === follower);
}

/** What was leased, as a sink would have got it. */
function receiptsOfPulls({ pulled }: World, { follower }: Following): readonly Receipt[] {
  const own = pulled.leases.filter((lease) => lease.follower === follower);
  return own.flatMap(({ events, given }) =>
    events.map((event) => ({ time: given, subscription: follower, event, attempt: event.attempt, replay: undefined, isTaken: false })),
  );
}

/** Whether an event was delivered. */
type IsDone = (event: LogEvent) => boolean;

function* doneBy({ name, tenant }: Following, receipts: readonly Receipt[], state: FinalState): Generator<string, IsDone> {
  if (name === ERRAND_FOLLOWER) return heardBy(state, tenant);
  return name.startsWith("handler:") ? yield* checkCount(tenant, state) : takenBy(receipts);
}

function takenBy(receipts: readonly Receipt[]): IsDone {
  const taken = new Set(receipts.filter(({ isTaken, replay }) => isTaken && replay === undefined).map(({ event }) => keyOf(event)));
  return (event) => taken.has(keyOf(event));
}

function keyOf({ stream, id, version }: Pick<LogEvent, "stream" | "id" | "version">): string {
  return `${stream} ${version} ${id}`;
}

function eventsOf({ log }: FinalState, { tenant }: Following): readonly LogEvent[] {
  return log.get(tenant) ?? [];
}

/** What was delivered is in a stream, and matches. */
function* checkNothingElse(following: Following, receipts: readonly Receipt[], state: FinalState): Generator<string> {
  const logged = new Map(eventsOf(state, following).map((event) => [`${event.stream} ${event.version}`, event]));
  for (const { event, replay, attempt } of receipts) {
    const known = logged.get(`${event.stream} ${event.version}`);
    const at = `${event.stream} ${event.version} (attempt ${attempt}) to ${following.follower}`;
    if (!isFor(following, event as LogEvent)) yield `${at} was delivered, which does not match`;
    if (known?.id !== event.id) yield `${at} was delivered as ${event.type} ${event.id}, and is ${known?.type} ${known?.id}`;
    if (replay !== undefined && !following.replays.some(({ id }) => id === replay)) yield `${at} was delivered in a replay that nobody asked for`;
  }
}

/** Of a stream nothing is sent before all that precedes it was taken, or its dead letter dropped. */
function* checkOrder(following: Following, receipts: readonly Receipt[], { isLog }: FollowersAsked, state: FinalState): Generator<string> {
  if (following.order !== "stream") return;
  const taken = new Set<string>();
  const byStream = Map.groupBy(
    eventsOf(state, following).filter((event) => isFor(following, event) && event.position > following.after),
    ({ stream }) => stream,
  );
  for (const { event, replay, isTaken, time } of receipts) {
    if (replay !== undefined) continue;
    const before = byStream
      .get(event.stream)
      ?.find((other) => other.version < event.version && !taken.has(keyOf(other)) && !following.dropped.has(other.position));
    // Of another log a follower may have left out what came before it stopped.
    if (before !== undefined && !isLog) yield `${following.follower} got ${event.stream} ${event.version} before ${before.version} was taken, at ${time}`;
    if (isTaken) taken.add(keyOf(event as LogEvent));
  }
}

/** At rest nothing is under way: no lane waits for its time, nothing that was told is unread. */
function* checkRest(following: Following, partitions: readonly PartitionOnDisk[], { isLog, healed }: FollowersAsked): Generator<string> {
  const isHandler = following.name.startsWith("handler:");
  if (!isHandler && partitions.length !== following.partitions)
    yield `${following.follower} has ${partitions.length} of its ${following.partitions} partitions`;
  for (const { name, told, cursor, lanes, replays, redrives, outstanding, isHeard } of partitions) {
    if (told === undefined && !isHandler) yield `${name} knows nothing of what it follows`;
    if (isHeard) yield `${name} was told something that it has not read`;
    if (told !== undefined && told.version !== following.version) yield `${name} has read its stream up to ${told.version}, which ends at ${following.version}`;
    if (told !== undefined && told.definition.status !== following.status)
      yield `${name} takes itself for ${told.definition.status}, and is ${following.status}`;
    const stopped = cursor?.stopped ?? undefined;
    if (stopped !== undefined && !isLog) yield `${name} has stopped: ${stopped.reason}`;
    if (stopped !== undefined && healed !== undefined) yield `${name} has not gone on after it was resumed: ${stopped.reason}`;
    // Nobody wakes one that is pulled: until somebody asks, what was to be done waits.
    if (stopped !== undefined || following.status !== "active" || (following.isPulled && healed === undefined)) continue;
    if (outstanding.length > 0) yield `${name} has ${outstanding.join(", ")} outstanding after all was acknowledged`;
    for (const { key, state, position } of lanes.values()) {
      if (state !== "parked") yield `${name} has ${key} in a lane that is ${state} at ${position}, and no alarm`;
      if (healed !== undefined) yield `${name} has ${key} parked at ${position} after everything was redriven`;
    }
    for (const { id, state } of [...replays, ...redrives]) if (state === "running") yield `${name} has ${id} running, and no alarm`;
  }
}

/** Dead letters in D1 are the lanes that are parked. */
function* checkLetters(world: World, { tenant, name, follower }: Following, partitions: readonly PartitionOnDisk[]): Generator<string> {
  // What D1 does long after who asked has given up comes after what was done since: nothing fences that.
  if (world.faults.struck.has("views slow")) return;
  const rows = world.views.database.rows<{ position: number }>(
    "SELECT position FROM dead_letters WHERE tenant = ? AND subscription = ? ORDER BY position",
    tenant,
    name,
  );
  const letters = partitions.flatMap(({ lanes }) => [...lanes.values()].filter(({ parkedAt }) => parkedAt !== undefined));
  const inD1 = new Set(rows.map(({ position }) => position));
  // One that is redriven is a dead letter until it gets through.
  const missing = letters.find(({ state, position }) => state === "parked" && !inD1.has(position));
  const extra = [...inD1].find((position) => !letters.some((lane) => lane.position === position));
  if (missing !== undefined) yield `${follower} has parked the event at ${missing.position}, and D1 has no dead letter of it`;
  if (extra !== undefined) yield `D1 has a dead letter of ${follower} at ${extra}, which is not parked`;
}

function* checkLettersOfNobody(world: World, all: readonly Following[]): Generator<string> {
  if (world.faults.struck.has("views slow")) return;
  for (const { tenant, subscription } of world.views.database.rows<{ tenant: string; subscription: string }>("SELECT tenant, subscription FROM dead_letters")) {
    if (!all.some((following) => following.tenant === tenant && following.name === subscription))
      yield `D1 has dead letters of ${tenant}/${subscription}, which is not there`;
  }
}

/** What was deleted keeps nothing, and gets nothing any more. */
function* checkDeleted(
  { follower }: Following,
  partitions: readonly PartitionOnDisk[],
  own: readonly Receipt[],
  { healed }: FollowersAsked,
): Generator<string> {
  const left = partitions.find(({ told, cursor, lanes }) => told !== undefined || cursor !== undefined || lanes.size > 0);
  if (left !== undefined) yield `${left.name} keeps what it knew, and ${follower} was deleted`;
  const late = own.find(({ time }) => healed !== undefined && time > healed.time);
  if (late !== undefined) yield `${late.event.stream} ${late.event.version} was delivered to ${follower}, which was deleted`;
}

interface Standing {
  readonly partitions: readonly PartitionOnDisk[];
  readonly asked: FollowersAsked;
  readonly isDone: IsDone;
}

/** Nothing was dropped in silence. */
function* checkAccounted(following: Following, { partitions, asked, isDone }: Standing, state: FinalState): Generator<string> {
  const { isLog, healed } = asked;
  const hasStopped = partitions.some(({ cursor }) => (cursor?.stopped ?? null) !== null);
  if (healed === undefined && (hasStopped || following.status !== "active" || following.isPulled)) return;
  // Who was resumed on another log goes on at its head: from there on nothing is missing.
  const after = isLog && following.isResumed ? Math.max(following.after, healed?.heads.get(following.tenant) ?? Number.MAX_SAFE_INTEGER) : following.after;
  for (const event of eventsOf(state, following)) {
    if (event.position <= after || !isFor(following, event) || isDone(event) || following.dropped.has(event.position)) continue;
    const key = following.order === "stream" ? event.stream : `#${event.position}`;
    const lane = partitions[partitionOf(event.stream, following.partitions)]?.lanes.get(key);
    if (healed === undefined && lane?.state === "parked" && lane.position <= event.position) continue;
    yield `${following.follower} never got ${event.stream} ${event.version} at ${event.position}${healed === undefined ? "" : ", after all was redriven"}`;
  }
}

/** A replay that says it is done has delivered everything of its range again, in order. */
function* checkReplays(following: Following, partitions: readonly PartitionOnDisk[], receipts: readonly Receipt[], state: FinalState): Generator<string> {
  for (const [index, { replays, name }] of partitions.entries()) {
    for (const { id, state: how } of replays) {
      const range = following.replays.find((replay) => replay.id === id);
      if (how !== "done" || range === undefined) continue;
      const taken = receipts.filter(({ replay, isTaken }) => replay === id && isTaken).map(({ event }) => keyOf(event as LogEvent));
      const wanted = eventsOf(state, following).filter(
        (event) =>
          event.position >= range.from && event.position <= range.to && partitionOf(event.stream, following.partitions) === index && isFor(following, event),
      );
      const missing = wanted.find((event) => !taken.includes(keyOf(event)));
      if (missing !== undefined) yield `${name} is through with ${id}, and ${missing.stream} ${missing.version} was not delivered again`;
      const firsts = wanted.map((event) => taken.indexOf(keyOf(event)));
      if (firsts.some((first, at) => at > 0 && first < (firsts[at - 1] as number))) yield `${name} delivered ${id} out of order`;
    }
  }
}
