import type { Lease, PulledEvent, Settling } from "../world/pulled.ts";
import type { World } from "../world/world.ts";
import type { FinalState, LogEvent } from "./final-state.ts";
import { type Following, isFor } from "./following.ts";

/** What was pulled from one follower, and what is known beside it. */
interface Pulling {
  readonly following: Following;
  readonly leases: readonly Lease[];
  readonly settlings: readonly Settling[];
  /** What the log has for the follower, by stream, in its order. */
  readonly byStream: ReadonlyMap<string, readonly LogEvent[]>;
}

/** P6 for who pulls: what is leased is one's own until the lease is over, comes in its stream's order, and not again once it is acknowledged. Where the log was set back, positions mean something else. */
export function* checkPulls(world: World, following: Following, state: FinalState, { isLog }: { readonly isLog: boolean }): Generator<string> {
  const isOwn = ({ follower }: { readonly follower: string }): boolean => follower === following.follower;
  const leases = world.pulled.leases.filter(isOwn);
  const wanted = (state.log.get(following.tenant) ?? []).filter((event) => event.position > following.after && isFor(following, event));
  const byStream = Map.groupBy(wanted, ({ stream }) => stream);
  const pulling = { following, leases, settlings: world.pulled.settlings.filter(isOwn), byStream };
  yield* checkAnswers(pulling);
  if (isLog) return;
  yield* checkOneOwner(pulling);
  yield* checkOrder(pulling);
  yield* checkNotAgain(pulling);
}

/** Whether an event was acknowledged, as far as anybody can know: of a call whose answer was lost, or that counted for some of many, each may have been. */
export function acknowledgedOf({ pulled }: World, follower: string): (event: LogEvent) => boolean {
  const all = pulled.settlings.filter((settling) => settling.follower === follower && settling.how === "acknowledge" && settling.counted !== 0);
  const known = new Set(all.flatMap(({ events }) => events.map(keyOf)));
  return (event) => known.has(keyOf(event));
}

function keyOf({ stream, version, id }: Pick<PulledEvent, "stream" | "version" | "id">): string {
  return `${stream} ${version} ${id}`;
}

/** No more is given than was asked for, and nothing twice. */
function* checkAnswers({ following: { follower }, leases }: Pulling): Generator<string> {
  for (const { events, limit } of leases) {
    if (events.length > limit) yield `${follower} gave ${events.length} events to somebody who asked for ${limit}`;
    const twice = events.find((event, index) => events.findIndex((other) => other.position === event.position) !== index);
    if (twice !== undefined) yield `${follower} gave ${twice.stream} ${twice.version} twice in one answer`;
  }
}

/** While a lease runs its events are nobody else's, unless somebody gave them back. */
function* checkOneOwner({ following: { follower }, leases, settlings }: Pulling): Generator<string> {
  const last = new Map<string, Lease>();
  for (const lease of leases.toSorted((one, other) => one.given - other.given || one.ended - other.ended)) {
    for (const event of lease.events) {
      const before = last.get(keyOf(event));
      last.set(keyOf(event), lease);
      // When it was given exactly only the object knows: at the end at the latest.
      if (before === undefined || lease.ended >= before.until) continue;
      const isBack = settlings.some(
        ({ began, ended = Infinity, counted, events }) =>
          counted !== 0 && began < lease.ended && ended >= before.given && events.some(({ position }) => position === event.position),
      );
      if (!isBack) yield `${follower} gave ${event.stream} ${event.version} to another at ${lease.ended}, and it was somebody's until ${before.until}`;
    }
  }
}

/** Of a stream nothing is leased before all that precedes it is acknowledged, or its dead letter dropped, or leased with it. */
function* checkOrder({ following, leases, settlings, byStream }: Pulling): Generator<string> {
  if (following.order !== "stream") return;
  const acknowledgedAt = new Map<string, number>();
  for (const { how, counted, began, events } of settlings) {
    if (how !== "acknowledge" || counted === 0) continue;
    for (const event of events) acknowledgedAt.set(keyOf(event), Math.min(began, acknowledgedAt.get(keyOf(event)) ?? Infinity));
  }
  for (const { events, ended } of leases) {
    const together = new Set(events.map(keyOf));
    for (const { stream, version } of events) {
      const isOpen = (other: LogEvent): boolean =>
        !together.has(keyOf(other)) && !following.dropped.has(other.position) && (acknowledgedAt.get(keyOf(other)) ?? Infinity) > ended;
      const before = byStream.get(stream)?.find((other) => other.version < version && isOpen(other));
      if (before !== undefined) yield `${following.follower} gave ${stream} ${version} before ${before.version} was acknowledged, at ${ended}`;
    }
  }
}

/** What was acknowledged while it was somebody's never comes again. */
function* checkNotAgain({ following: { follower }, leases, settlings }: Pulling): Generator<string> {
  for (const { how, counted, ended = Infinity, events } of settlings) {
    // Of some of many nobody knows which.
    if (how !== "acknowledge" || counted !== events.length) continue;
    const known = new Set(events.map(keyOf));
    for (const lease of leases) {
      const again = lease.given >= ended ? lease.events.find((event) => known.has(keyOf(event))) : undefined;
      if (again !== undefined) yield `${follower} gave ${again.stream} ${again.version} again at ${lease.ended}, which was acknowledged at ${ended}`;
    }
  }
}
