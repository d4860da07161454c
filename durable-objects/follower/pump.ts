// Longer than usual: one loop over one window; what it takes up, begins, writes down and waits for are steps of the same state.

import type { LoggedEvent } from "../../src/kernel/index.ts";
import { Attempts, NO_ATTEMPTS } from "./attempts.ts";
import { type FollowerDefinition, type FollowerIdentity, type FollowerPorts, MOST_PARKED, PARTITION_WIDTH, partitionOf, partitionsOf } from "./contract.ts";
import type { Cursor, FollowerStore } from "./follower-store.ts";
import { laneOf, type LaneWork, putBack, takeLaneOn } from "./lane-work.ts";
import { takeRedrivesOn } from "./redrives.ts";
import { nextReplay, takeReplayOn } from "./replays.ts";
import { type Entry, Window } from "./window.ts";

/** Events that are read at a time, and how few wait when the next are read. */
const PAGE = 200;
const FEW = 100;
/** Positions settled after which the cursor is written though the work goes on. */
const WRITE_EVERY = 100;
/** How often (milliseconds) a run that goes on says how it stands. */
const TOLD_EVERY = 1_000;

/** Why a follower goes no further by itself. */
type Stopped = NonNullable<Cursor["stopped"]>;

/**
 * Moves one partition of a follower: takes up what matches after the cursor, delivers it, and gives what fails a lane of its own.
 * One run at a time; it ends when nothing can be done now, and says when to look again.
 */
export class Pump {
  readonly attempts: Attempts;
  readonly #follower: FollowerIdentity;
  readonly #ports: FollowerPorts;
  readonly #store: FollowerStore;
  readonly #definition: FollowerDefinition;
  readonly #matches: (event: LoggedEvent) => boolean;
  readonly #window: Window;
  readonly #width: number;
  readonly #underway = new Map<string, Promise<void>>();
  /** The head, as far as anybody has said; unknown at first, so the log is asked. */
  #target = Number.MAX_SAFE_INTEGER;
  /** What was said of the head since the log was asked last: its answer may be older than that. */
  #saidMeanwhile = 0;
  #isHalting = false;
  #isDoubted = false;
  #fault: unknown;
  #reading: Promise<void> | undefined;
  #woken: (() => void) | undefined;
  #toldAt = 0;

  constructor(follower: FollowerIdentity, definition: FollowerDefinition, store: FollowerStore, ports: FollowerPorts) {
    this.#follower = follower;
    this.#definition = definition;
    this.#store = store;
    this.#ports = ports;
    const { cursor } = store;
    this.#window = new Window(cursor ?? { position: definition.after, entry: definition.entry ?? null });
    this.attempts = new Attempts(follower, ports, cursor ?? NO_ATTEMPTS);
    this.#matches = ports.matcher(definition);
    const partitions = partitionsOf(definition);
    this.#width = Math.min(PARTITION_WIDTH, Math.ceil(definition.concurrency / partitions));
  }

  /** Everything up to here is settled, or has a lane. */
  get position(): number {
    return this.#window.settled.position;
  }

  /** Whether all that was taken up is settled and there was no more of it. */
  get isIdle(): boolean {
    return this.#window.size === 0 && this.#window.taken >= this.#target;
  }

  /** Positions of the log that are not settled, as far as anybody has said how long it is. */
  get lag(): number {
    return this.isIdle || this.#target === Number.MAX_SAFE_INTEGER ? 0 : Math.max(0, this.#target - this.position);
  }

  /** How it stands: streams that wait for another attempt, beside its lag. */
  get standing(): { readonly lag: number; readonly waiting: number } {
    return { lag: this.lag, waiting: [...this.#store.lanes.values()].filter(({ state }) => state !== "parked").length };
  }

  /** Nothing is for this follower up to here, in the log that has this mark there: only said where it has nothing left to do. */
  skipTo(position: number, entry: string | null): void {
    this.#window.skipTo({ position, entry });
  }

  /** The log may be another one: it is asked before anything is said to be settled. */
  doubt(): void {
    this.#isDoubted = true;
    this.#target = Number.MAX_SAFE_INTEGER;
    this.#saidMeanwhile = Number.MAX_SAFE_INTEGER;
  }

  /** The log goes up to here at least. */
  heard(head: number): void {
    this.#target = Math.max(this.#target, head);
    this.#saidMeanwhile = Math.max(this.#saidMeanwhile, head);
    this.#woken?.();
  }

  /** Begins nothing more; the run ends with what is under way. */
  halt(): void {
    this.#isHalting = true;
    this.#woken?.();
  }

  /** Works until nothing can be done now. Gives when to come again (milliseconds since 1970), or nothing. Rejects where the log cannot be read. */
  async run(): Promise<number | undefined> {
    this.#fault = undefined;
    for (;;) {
      if (this.#isHalted()) break;
      if (takeRedrivesOn(this.#store, this.#ports.now())) continue;
      this.#read();
      this.#launch();
      this.#save(false);
      this.#tell();
      if (this.#underway.size === 0 && this.#reading === undefined) break;
      const woken = new Promise<void>((resolve) => (this.#woken = resolve));
      await Promise.race([woken, ...this.#underway.values(), ...(this.#reading ? [this.#reading] : [])]);
    }
    await Promise.all([...this.#underway.values(), this.#reading]);
    this.#save(true);
    if (this.#fault !== undefined) throw this.#fault;
    return this.#isHalted() ? undefined : this.#due();
  }

  /** A run goes on as long as anything can be done: whoever watches hears meanwhile how far it is behind. */
  #tell(): void {
    const now = this.#ports.now();
    if (this.lag === 0 || now - this.#toldAt < TOLD_EVERY) return;
    this.#toldAt = now;
    this.#ports.stands?.(this.#follower, this.standing);
  }

  #isHalted(): boolean {
    return this.#isHalting || this.#fault !== undefined || (this.#store.cursor?.stopped ?? null) !== null;
  }

  /** Reads on, beside what is under way, while few events wait. */
  #read(): void {
    if (this.#reading !== undefined || this.#window.size > FEW || this.#window.taken >= this.#target) return;
    if (this.attempts.openUntil > this.#ports.now()) return;
    this.#reading = this.#takeUp()
      .catch((fault: unknown) => (this.#fault = fault))
      .finally(() => (this.#reading = undefined)) as Promise<void>;
  }

  async #takeUp(): Promise<void> {
    const { position: taken, entry: known } = this.#window.looked;
    this.#saidMeanwhile = 0;
    const page = await this.#ports.read(this.#follower.tenant, { after: taken, types: this.#definition.types, limit: PAGE });
    const stopped = this.#whyStopped(page, taken, known);
    // It was told so of another log than this one: what it has seen itself may be in both.
    if (stopped !== undefined && this.#window.takeBack()) return;
    if (stopped !== undefined) return this.#stop(stopped);
    // Before there was a first event the log had no epoch.
    if ((this.#store.cursor?.epoch ?? "") === "" && page.epoch !== "") this.#write({ epoch: page.epoch });
    const mine = page.events.filter((event) => this.#isOwn(event) && this.#matches(event) && !this.#store.lanes.has(this.#keyOf(event)));
    this.#window.take(
      mine.map((event) => ({ event, key: this.#keyOf(event), state: "waiting" })),
      page.lookedTo,
      page.entryTo,
    );
    this.#target = Math.max(page.position, this.#saidMeanwhile);
  }

  #isOwn({ stream }: LoggedEvent): boolean {
    return partitionOf(stream, partitionsOf(this.#definition)) === this.#follower.partition;
  }

  #keyOf({ stream, position }: LoggedEvent): string {
    return this.#definition.order === "stream" ? stream : `#${position}`;
  }

  #whyStopped(
    page: { readonly epoch: string; readonly position: number; readonly entryAt: string | null },
    after: number,
    entry: string | null,
  ): Stopped | undefined {
    const epoch = this.#store.cursor?.epoch ?? this.#definition.epoch;
    if (epoch !== "" && page.epoch !== epoch)
      return { because: "log", reason: "The log is another one than this follower has followed: it was lost or restored." };
    if (page.position < after) return { because: "log", reason: `The log ends at ${page.position}, and this follower was at ${after}: it was set back.` };
    if (entry !== null && page.entryAt !== entry)
      return { because: "log", reason: `At ${after} the log has another event than this follower has seen: it was set back.` };
    // Without a mark nobody can tell, and what cannot be told is not skipped.
    if (this.#isDoubted && entry === null && after > 0) return { because: "log", reason: "The log was set back, perhaps before what this follower has seen." };
    this.#isDoubted = this.#saidMeanwhile === Number.MAX_SAFE_INTEGER;
    return undefined;
  }

  #launch(): void {
    const now = this.#ports.now();
    if (this.attempts.openUntil > now) return;
    for (const lane of this.#store.lanes.values()) {
      if (this.#underway.size >= this.#width) return;
      if (lane.state === "parked" || lane.due > now || this.#underway.has(lane.key)) continue;
      // What it waits for has not been taken up by the main way yet.
      if (lane.state === "catching-up" && lane.position > this.#window.taken) continue;
      this.#begin(lane.key, takeLaneOn(this.#work(), lane.key));
    }
    const replay = nextReplay(this.#store, now);
    if (replay !== undefined && !this.#underway.has(replay.key) && this.#underway.size < this.#width) {
      this.#begin(
        replay.key,
        takeReplayOn(this.#work(), replay, (event) => this.#isOwn(event)),
      );
    }
    while (this.#underway.size < this.#width) {
      const entry = this.#window.next(new Set(this.#underway.keys()));
      if (entry === undefined) return;
      entry.state = "underway";
      this.#begin(entry.key, this.#deliver(entry));
    }
  }

  #begin(key: string, work: Promise<void>): void {
    const task = work.catch((fault: unknown) => void (this.#fault = fault)).finally(() => this.#underway.delete(key));
    this.#underway.set(key, task);
  }

  /** One event of the main way: delivered, or given a lane. */
  async #deliver(entry: Entry): Promise<void> {
    const { event, key } = entry;
    const tried = await this.attempts.try(this.#definition, { event, attempt: 1 }).catch((fault: unknown) => {
      entry.state = "waiting";
      throw fault;
    });
    if (tried.kind === "refused" || tried.outcome.kind === "gone") {
      entry.state = "waiting";
      if (tried.kind === "tried" && tried.outcome.kind === "gone") await this.#gone(tried.outcome.error);
      return;
    }
    if (tried.outcome.kind === "failed") {
      await putBack(this.#work(), laneOf(key, event, tried.attempt), event, tried.outcome);
      this.#window.drop(key);
      const parked = [...this.#store.lanes.values()].filter(({ state }) => state === "parked").length;
      if (parked > MOST_PARKED) this.#stop({ because: "parked", reason: `Over ${MOST_PARKED} dead letters wait: redrive or drop them, then resume.` });
    }
    entry.state = "settled";
  }

  #work(): LaneWork {
    return {
      follower: this.#follower,
      ports: this.#ports,
      store: this.#store,
      attempts: this.attempts,
      definition: this.#definition,
      matches: this.#matches,
      taken: () => this.#window.taken,
      isHalted: () => this.#isHalted(),
      stop: (reason) => this.#stop({ because: "log", reason }),
      gone: (error) => this.#gone(error),
    };
  }

  async #gone(error: string): Promise<void> {
    if (this.#isHalting) return;
    this.#isHalting = true;
    await this.#ports.report(this.#follower, { kind: "disabled", reason: error });
  }

  #stop(stopped: Stopped): void {
    console.error("follower: stopped", this.#follower.tenant, this.#follower.id, stopped.reason);
    this.#write({ stopped });
  }

  /** Writes the cursor where it has moved far, or, at the end, at all. */
  #save(isEnd: boolean): void {
    const { cursor } = this.#store;
    const { position } = this.#window.settled;
    const { counts } = this.attempts;
    const hasCounted = cursor === undefined ? counts.delivered + counts.failed > 0 : cursor.counts !== counts;
    if (cursor !== undefined && position - cursor.position < (isEnd ? 1 : WRITE_EVERY) && !(isEnd && hasCounted)) return;
    // What was only passed by needs no row: it is passed by again.
    if (!hasCounted && cursor !== undefined && position - cursor.position < WRITE_EVERY) return;
    this.#write({});
  }

  #write(change: { readonly stopped?: Stopped; readonly epoch?: string }): void {
    const { position, entry } = this.#window.settled;
    const { counts, recent, isFailing } = this.attempts;
    const epoch = change.epoch ?? this.#store.cursor?.epoch ?? this.#definition.epoch;
    this.#store.putCursor({ position, entry, epoch, counts, attempts: recent, stopped: change.stopped ?? this.#store.cursor?.stopped ?? null, isFailing });
  }

  /** When something is due next. */
  #due(): number | undefined {
    const dues: number[] = [];
    for (const { state, due, position } of this.#store.lanes.values()) {
      if (state === "retrying" || (state === "catching-up" && position <= this.#window.taken)) dues.push(due);
    }
    const next = nextReplay(this.#store, Number.MAX_SAFE_INTEGER);
    if (next !== undefined) dues.push(next.replay.due);
    if (this.#window.size > 0 || this.#window.taken < this.#target) dues.push(this.attempts.openUntil);
    if (dues.length === 0) return undefined;
    return Math.max(Math.min(...dues), this.attempts.openUntil);
  }
}
