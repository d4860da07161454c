// Longer than usual: the leases of one subscription are one state (cursor, lanes, what is outstanding), and giving away, settling and taking back all move it.

import { type LoggedEvent, retryDelay } from "../../src/kernel/index.ts";
import { Attempts, NO_ATTEMPTS } from "./attempts.ts";
import type { FollowerDefinition, FollowerIdentity, FollowerPorts, Leased } from "./contract.ts";
import { type FollowerStore, type Lane, LEASES } from "./follower-store.ts";
import { takeRedrivesOn } from "./redrives.ts";
import { eventAt, waitingBehind } from "./lane-reading.ts";
import { copyLetter, done, giveUp, laneOf, missing, parkLane, textOf } from "./lane-work.ts";
import { farOf, type Item, itemsBefore, type Outstanding, SETTLED, stillHas, withoutSettled } from "./outstanding.ts";

/** Events after the cursor that are looked at: of those, some may be leased and some done. */
const WINDOW = 500;
/** Why who pulls gets nothing more. */
const OTHER_LOG = "The log is another one than was followed: it was lost, or set back.";

/**
 * The sink of those who pull: what is next is leased, acknowledged or refused. Of a stream nothing is leased while something before it
 * is somebody else's, so the order holds; a lease that runs out is a failed attempt, and the event comes again. Called one after the other:
 * each call reads the log, and what it finds must still hold when it is given away. After one that throws, what is on disk counts.
 */
export class Leases {
  readonly #follower: FollowerIdentity;
  readonly #definition: FollowerDefinition;
  readonly #store: FollowerStore;
  readonly #ports: FollowerPorts;
  readonly #matches: (event: LoggedEvent) => boolean;
  readonly #attempts: Attempts;
  #state: Outstanding;

  constructor(follower: FollowerIdentity, definition: FollowerDefinition, store: FollowerStore, ports: FollowerPorts) {
    this.#follower = follower;
    this.#definition = definition;
    this.#store = store;
    this.#ports = ports;
    this.#matches = ports.matcher(definition);
    this.#attempts = new Attempts(follower, ports, store.cursor ?? NO_ATTEMPTS);
    this.#state = store.read<Outstanding>(LEASES) ?? { items: {}, done: [] };
  }

  /** Everything up to here is settled, or has a lane. */
  get position(): number {
    return this.#store.cursor?.position ?? this.#definition.after;
  }

  /** How it stands: streams that wait for another attempt, beside its position. */
  get standing(): { readonly position: number; readonly waiting: number } {
    return { position: this.position, waiting: [...this.#store.lanes.values()].filter(({ state }) => state !== "parked").length };
  }

  /** Gives away what is next: at most `limit` events, for so many milliseconds. */
  async lease(limit: number, leaseMs: number): Promise<Leased> {
    const until = this.#ports.now() + leaseMs;
    const ended = { events: [], until: new Date(until).toISOString() };
    if (this.#definition.status !== "active") return ended;
    const page = await this.#window();
    if (page === undefined) return ended;
    await this.#takeBack();
    let given: readonly { readonly event: LoggedEvent; readonly item: Item }[];
    // For who pulls there is no pump that would take redrives on; of what the log does not have any more, all goes at once.
    do {
      while (takeRedrivesOn(this.#store, this.#ports.now()));
      given = [...this.#fromLog(page, limit, until), ...(await this.#fromLanes(limit, until))].slice(0, limit);
    } while (given.length === 0 && takeRedrivesOn(this.#store, this.#ports.now()));
    if ((this.#store.cursor?.stopped ?? null) !== null) return ended;
    for (const { event, item } of given) this.#state.items[event.position] = item;
    this.#save(page);
    const events = given
      .toSorted((a, b) => a.event.position - b.event.position)
      .map(({ event, item }) => ({ event: textOf(event), position: event.position, attempt: item.attempt }));
    return { ...ended, events };
  }

  /** Settles what was leased; says how many of the positions were. */
  async acknowledge(positions: readonly number[]): Promise<number> {
    const own = inOrder(positions).filter((position) => (this.#state.items[position]?.until ?? SETTLED) !== SETTLED);
    // Only the dead letter itself is one no more, not what was given beside it.
    const parked = own.filter((position) => this.#laneAt(position)?.parkedAt !== undefined);
    if (parked.length > 0) await this.#ports.unpark(this.#follower, parked);
    for (const position of own) this.#settle(position);
    this.#attempts.counts = { ...this.#attempts.counts, delivered: this.#attempts.counts.delivered + own.length };
    if (own.length > 0) this.#save();
    return own.length;
  }

  /** Gives back what was leased, as a failed attempt; says how many of the positions were. */
  async refuse(positions: readonly number[], reason = "It was refused."): Promise<number> {
    const own = inOrder(positions).filter((position) => this.#state.items[position]?.isBack === false);
    for (const position of own) await this.#fail(position, reason);
    if (own.length > 0) this.#save();
    return own.length;
  }

  /** What follows the cursor; undefined where the log is another one than was followed. */
  async #window() {
    const { cursor } = this.#store;
    const after = this.position;
    const page = await this.#ports.read(this.#follower.tenant, { after, types: this.#definition.types, limit: WINDOW });
    const epoch = cursor?.epoch ?? this.#definition.epoch;
    const entry = cursor === undefined ? this.#definition.entry : cursor.entry;
    const isOther = (epoch !== "" && page.epoch !== epoch) || page.position < after || (entry && entry !== page.entryAt);
    const look = (after: number) => this.#ports.read(this.#follower.tenant, { after, types: [], limit: 1 });
    if (isOther || !(await stillHas(page, this.#state.far, look))) {
      this.#stop(OTHER_LOG);
      return undefined;
    }
    if ((cursor?.stopped ?? null) !== null) return undefined;
    return page;
  }

  #stop(reason: string): void {
    const { cursor } = this.#store;
    const begun = cursor ?? { position: this.position, epoch: this.#definition.epoch, entry: this.#definition.entry ?? null, ...NO_ATTEMPTS };
    this.#store.putCursor({ ...begun, stopped: { because: "log", reason } });
  }

  /** Leases that ran out. */
  async #takeBack(): Promise<void> {
    const now = this.#ports.now();
    for (const [position, { until, isBack }] of Object.entries(this.#state.items)) {
      if (!isBack && until <= now) await this.#fail(Number(position), "The lease ran out.");
    }
  }

  #fromLog(page: Awaited<ReturnType<FollowerPorts["read"]>>, limit: number, until: number): { event: LoggedEvent; item: Item }[] {
    const given: { event: LoggedEvent; item: Item }[] = [];
    const blocked = new Set<string>();
    const settled = new Set(this.#state.done);
    for (const event of page.events) {
      const key = this.#definition.order === "stream" ? event.stream : `#${event.position}`;
      if (settled.has(event.position)) continue;
      // What waits behind a dead letter waits in the log: its lane fetches it.
      const isWanted = this.#matches(event);
      // It may have come back before the subscription was changed.
      if (!isWanted) delete this.#state.items[event.position];
      if (!isWanted || this.#store.lanes.has(key)) this.#state.done.push(event.position);
      else if (blocked.has(key) || given.length >= limit) continue;
      else {
        const item = this.#given(event, key, { until, isOfLane: false });
        if (item === undefined) blocked.add(key);
        else given.push({ event, item });
      }
    }
    return given;
  }

  /** What redriven lanes have: their event, then what waited behind it. */
  async #fromLanes(limit: number, until: number): Promise<{ event: LoggedEvent; item: Item }[]> {
    const given: { event: LoggedEvent; item: Item }[] = [];
    const to = Math.max(this.position, ...this.#state.done);
    for (const lane of this.#store.lanes.values()) {
      if (lane.state === "parked" || given.length >= limit) continue;
      // What comes before is somebody's, from the time when both were on the main way.
      if (itemsBefore(this.#state, lane.key, lane.position).some(({ isBack }) => !isBack)) continue;
      // A dead letter that waits for D1 to take it: somebody asks again, and not at once.
      if (lane.isOver && lane.due > this.#ports.now()) continue;
      const isOne = lane.state === "retrying";
      const query = { stream: lane.key, after: lane.position, to, limit: limit - given.length };
      const waiting = isOne ? await eventAt(this.#reading, lane.position, lane.id) : await waitingBehind(this.#reading, query);
      const [first] = waiting;
      // Nothing of it waits any more: it is back on the main way.
      if (first === undefined && !isOne) this.#endLane(lane);
      if (first === undefined && isOne) await missing({ ...this.#work, stop: (reason) => this.#stop(reason) }, lane);
      if (first !== undefined && lane.isOver) {
        await parkLane(this.#work, lane, first);
        continue;
      }
      for (const event of waiting) {
        const item = this.#given(event, lane.key, { until, isOfLane: true });
        if (item === undefined) break;
        const edited = isOne && lane.edit !== undefined ? { ...event, data: JSON.stringify(lane.edit.data) as LoggedEvent["data"] } : event;
        given.push({ event: edited, item });
      }
    }
    return given;
  }

  /** The event as it is given away now; undefined while it is somebody's, or may not come back yet. */
  #given({ position, id, type }: LoggedEvent, key: string, { until, isOfLane }: Pick<Item, "until" | "isOfLane">): Item | undefined {
    const before = this.#state.items[position];
    const now = this.#ports.now();
    if (before !== undefined && (!before.isBack || before.until > now)) return undefined;
    return { key, id, type, until, isBack: false, leasedAt: now, attempt: (before?.attempt ?? 0) + 1, attempts: before?.attempts ?? [], isOfLane };
  }

  async #fail(position: number, error: string): Promise<void> {
    const item = this.#state.items[position] as Item;
    const now = this.#ports.now();
    const attempt = { at: new Date(item.leasedAt).toISOString(), status: null, error, durationMs: now - item.leasedAt };
    const attempts = [...item.attempts, attempt];
    const { retry } = this.#definition;
    this.#attempts.counts = { ...this.#attempts.counts, failed: this.#attempts.counts.failed + 1 };
    const known = this.#store.lanes.get(item.key);
    const held = known?.state === "catching-up" ? undefined : known;
    // What comes after it in its stream is given up already, or dropped: it has had its attempts, and is what holds the stream up.
    const isOvertaken = known !== undefined && known.position > position;
    // A lane that began here would leave out what comes before and is to come again: this one waits for that, and comes once more behind it.
    const waits = itemsBefore(this.#state, item.key, position).some(({ isBack }) => isBack);
    if ((item.attempt < retry.maxAttempts && !isOvertaken) || waits) {
      this.#state.items[position] = { ...item, attempts, isBack: true, until: now + retryDelay(retry, item.attempt, this.#ports.chance()) };
      return;
    }
    // A stream has one dead letter at a time: what is given up after it waits behind it, and comes with what it holds up.
    if (held !== undefined && held.position < position) return this.#leave(position);
    const [event] = await eventAt(this.#reading, position, item.id);
    // Whoever has it has it from a log that is there no more.
    if (event === undefined) return this.#stop(OTHER_LOG);
    if (isOvertaken && known.parkedAt !== undefined) await this.#ports.unpark(this.#follower, [known.position]);
    this.#leave(position);
    // The lane begins anew at it: between what was settled in it before, there is now what was not.
    for (const [at, other] of Object.entries(this.#state.items))
      if (other.key === item.key && other.until === SETTLED) this.#state.items[at] = { ...other, isOfLane: false };
    const lane = { ...laneOf(item.key, event, attempt), attempts: [...(known?.position === position ? known.attempts : []), ...attempts] };
    // Both or neither: an event that is nobody's any more and has no lane would never come again.
    let parkedAt = "";
    this.#store.together(() => {
      this.#save();
      parkedAt = giveUp(this.#work, lane);
    });
    await copyLetter(this.#work, { lane, parkedAt }, event);
  }

  get #reading() {
    const matches = (event: LoggedEvent): boolean => this.#matches(event) && this.#state.items[event.position]?.until !== SETTLED;
    return { tenant: this.#follower.tenant, ports: this.#ports, definition: this.#definition, matches };
  }

  get #work() {
    return { follower: this.#follower, ports: this.#ports, store: this.#store, attempts: this.#attempts };
  }

  /** It is behind us: on the main way, or in its lane. */
  #settle(position: number): void {
    const item = this.#state.items[position] as Item;
    const lane = this.#store.lanes.get(item.key);
    // Where what comes before it is a dead letter, or may become one, it does not come again with that.
    const isBehind = lane === undefined ? itemsBefore(this.#state, item.key, position).length > 0 : lane.position < position;
    this.#leave(position);
    if (item.isOfLane && lane?.state === "retrying" && lane.position === position) done({ store: this.#store }, lane);
    else if (item.isOfLane && lane?.state === "catching-up") this.#moveLane(lane, position, item);
    else if (isBehind) this.#state.items[position] = { ...item, isBack: true, until: SETTLED, attempts: [], isOfLane: false };
  }

  /** It is nobody's any more; on the main way it is done with, in a lane that is the lane's to say. */
  #leave(position: number): void {
    const { isOfLane } = this.#state.items[position] as Item;
    delete this.#state.items[position];
    if (!isOfLane) this.#state.done.push(position);
  }

  /** A lane goes only as far as everything before is settled: whoever settles a later event first leaves the earlier one to come again. */
  #moveLane(lane: Lane, settled: number, item: Item): void {
    this.#state.items[settled] = { ...item, isBack: true, until: SETTLED };
    let { position } = lane;
    // Positions are whole numbers, so an object has them in their order.
    for (const [at, { key, isOfLane, until }] of Object.entries(this.#state.items)) {
      if (key !== lane.key || !isOfLane || Number(at) <= lane.position) continue;
      if (until !== SETTLED) break;
      position = Number(at);
      delete this.#state.items[at];
    }
    this.#store.putLane({ ...lane, position });
  }

  /** With what came back to it, and is not wanted any more since the subscription was changed. */
  #endLane({ key }: Lane): void {
    this.#store.removeLane(key);
    for (const [at, item] of Object.entries(this.#state.items)) if (item.key === key && item.isBack) delete this.#state.items[at];
  }

  /** The lane whose own event this is. */
  #laneAt(position: number): Lane | undefined {
    const item = this.#state.items[position];
    const lane = item?.isOfLane ? this.#store.lanes.get(item.key) : undefined;
    return lane?.position === position ? lane : undefined;
  }

  /** Moves the cursor over what is settled, as far as the log was seen, and writes what is outstanding. */
  #save(page?: Awaited<ReturnType<FollowerPorts["read"]>>): void {
    const { counts } = this.#attempts;
    const before = this.#store.cursor;
    let { position, entry } = before ?? { position: this.#definition.after, entry: this.#definition.entry ?? null };
    let { far } = this.#state;
    if (page !== undefined) {
      const settled = new Set(this.#state.done);
      const first = page.events.find((event) => !settled.has(event.position));
      const last = page.events.findLast((event) => first === undefined || event.position < first.position);
      const to = first === undefined ? page.lookedTo : first.position - 1;
      entry = last?.position === to ? (last.entry ?? null) : to === page.lookedTo ? page.entryTo : to === position ? entry : null;
      position = to;
      far = first === undefined ? undefined : (farOf(page, this.#state) ?? far);
    }
    this.#store.together(() => {
      const epoch = before?.epoch ?? (this.#definition.epoch || (page?.epoch ?? ""));
      const cursor = { position, entry, epoch, counts, attempts: [], stopped: before?.stopped ?? null, isFailing: false };
      if (before?.position !== position || before.counts !== counts) this.#store.putCursor(cursor);
      this.#state = {
        items: withoutSettled(this.#state.items, position, this.#store.lanes),
        done: this.#state.done.filter((settled) => settled > position),
        far,
      };
      this.#store.put(LEASES, this.#state);
    });
  }
}

/** Each position once, the earlier ones first: of two events of a stream it is the first one that holds it up. */
function inOrder(positions: readonly number[]): readonly number[] {
  return [...new Set(positions)].sort((a, b) => a - b);
}
