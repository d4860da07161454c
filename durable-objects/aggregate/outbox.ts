import { packHints, type RecordedEvent } from "../../src/kernel/index.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import { emptyPurged, purgeAnew } from "./close.ts";
import type { AggregatePorts } from "./contract.ts";
import { GatheredSends } from "./gathered-sends.ts";
import { QueueLine } from "./queue-line.ts";
import { lostBeginning } from "./reconcile.ts";
import { retain } from "./retention.ts";
import type { StreamStore } from "./stream-store.ts";

/** How long (milliseconds) an append waits before the outbox looks whether the log has it. */
export const FIRST_LOOK = 3_000;
/** The longest pause (milliseconds) between two looks while the log is behind. */
export const LONGEST_PATIENCE = 300_000;
/** Events that the log may lack before appends are refused. */
export const LONGEST_TAIL = 10_000;
/** How long (milliseconds) after the next look is due it is believed that the log is behind, unless that look says so again. */
const LATE = 60_000;
/** A send that takes longer (milliseconds) is left to itself: in production one can hang for most of a minute. */
const SEND_TIMEOUT = 5_000;

/**
 * The stream is its own outbox: what the log lacks is what is still to be sent. New events are sent at once, as hints that may
 * get lost; one alarm makes sure, and lets go only when the log has everything and the dispatcher knows.
 */
export class Outbox {
  readonly #store: StreamStore;
  readonly #ports: AggregatePorts;
  readonly #clock: AlarmClock;
  readonly #line = new QueueLine();
  readonly #gathered: GatheredSends;
  #patience = FIRST_LOOK;
  /** As far as is known the log has this much; unknown counts as all there was at waking. */
  #logged: number | undefined;
  #asking: Promise<void> | undefined;

  constructor(store: StreamStore, ports: AggregatePorts, clock: AlarmClock) {
    this.#store = store;
    this.#ports = ports;
    this.#clock = clock;
    this.#gathered = new GatheredSends((events) => this.#attempt(events), { now: ports.now, apart: ports.sendsApart });
  }

  /**
   * Whether the log lacks so much of the stream that it should take no more for now. The log is asked before that is said; where
   * it cannot be asked, what was appended since the last answer counts.
   */
  async isBacklogged(): Promise<boolean> {
    const { memory } = this.#store;
    this.#logged ??= memory.version;
    if (memory.version - this.#logged <= LONGEST_TAIL) return false;
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    await this.#asking;
    return this.#store.memory.version - this.#logged > LONGEST_TAIL;
  }

  async #ask(): Promise<void> {
    try {
      this.#logged = (await this.#ports.logged(this.#store.identity))?.version ?? 0;
    } catch (fault) {
      console.warn("outbox: the log cannot be asked", this.#store.identity.stream, String(fault));
    }
  }

  /** Inside the appending transaction: events and alarm are on disk together, or neither is. */
  arm(): void {
    this.#clock.arm(this.#ports.now() + FIRST_LOOK);
  }

  /** After the commit: sends what it wrote. The answer does not wait for it; what fails here is the alarm's to repair. Says whether it was sent. */
  send(events: readonly RecordedEvent[]): Promise<boolean> {
    return this.#gathered.send(events);
  }

  async #attempt(events: readonly RecordedEvent[]): Promise<boolean> {
    try {
      await this.#send(events);
      return true;
    } catch (fault) {
      console.warn("outbox: not sent, the alarm will", this.#store.identity.stream, String(fault));
      return false;
    }
  }

  /** What the object does when it is woken: compares with the log, then lets go or sends again. Never throws. */
  async look(): Promise<void> {
    // Lowered before the first await, so that an append that comes meanwhile arms anew.
    this.#clock.lower();
    let isSettled = false;
    let inLine: number | undefined;
    try {
      inLine = await this.#ahead();
      if (inLine === undefined) isSettled = await this.#isSettled();
      if (inLine === undefined && !isSettled) inLine = await this.#behind();
      if (inLine === undefined && !isSettled) await this.#send([]);
    } catch (fault) {
      console.warn("outbox: will look again", this.#store.identity.stream, String(fault));
    }
    if (isSettled) {
      this.#patience = FIRST_LOOK;
      return;
    }
    if (inLine !== undefined) return this.#lookIn(Math.min(Math.max(inLine, FIRST_LOOK), LONGEST_PATIENCE));
    // An object may be evicted between two looks, so how long the log has been behind counts as well as how often was looked.
    const now = this.#ports.now();
    const waited = now - Date.parse(this.#store.memory.recorded || new Date(now).toISOString());
    this.#patience = Math.min(Math.max(this.#patience * 2, waited), LONGEST_PATIENCE);
    this.#lookIn(this.#patience);
  }

  #lookIn(pause: number): void {
    const { identity, memory } = this.#store;
    const now = this.#ports.now();
    this.#clock.arm(now + pause);
    this.#ports.waits(identity, { version: memory.version, since: this.#lacksSince(), told: now, until: now + pause + LATE });
  }

  /** When the oldest event that the log lacks was recorded; where nobody knows, as after waking, the newest: it is older than that. */
  #lacksSince(): number {
    const { memory, identity } = this.#store;
    const first = this.#logged === undefined ? undefined : this.#store.envelope(this.#logged + 1)?.recorded;
    const reached = this.#ports.lastReached(identity.tenant)?.recorded ?? "";
    const own = first ?? memory.recorded;
    // Who waits in line did not ask what the log has of this stream; what was recorded before the log's end is probably there.
    return Date.parse(own < reached && reached < memory.recorded ? reached : own);
  }

  /**
   * How long (milliseconds) the log needs at least to come to what this stream has; undefined where it may be there, or nobody knows.
   * While thousands of streams wait for a log that is behind, not even the question is free: who has waited before asks for all.
   */
  async #ahead(): Promise<number | undefined> {
    const { tenant } = this.#store.identity;
    const reached = this.#line.hasWaited ? await this.#ports.reached(tenant) : this.#ports.lastReached(tenant);
    return this.#line.ahead(this.#store.memory.recorded, reached, this.#ports.now());
  }

  /** How long (milliseconds) what the log lacks waits in line at least; undefined where it is to be sent again. */
  async #behind(): Promise<number | undefined> {
    const first = this.#store.envelope((this.#logged ?? 0) + 1);
    return first && this.#line.behind(first.recorded, await this.#ports.reached(this.#store.identity.tenant), this.#ports.now());
  }

  async #isSettled(): Promise<boolean> {
    const { identity } = this.#store;
    const logged = await this.#ports.logged(identity);
    this.#logged = logged?.version ?? 0;
    const lost = lostBeginning(this.#store, this.#logged);
    if (lost !== undefined) {
      // The log was lost, and the stream no longer keeps what it lacks: it can take nothing that comes after.
      if (!logged?.forked) await this.#ports.markForked(identity, lost);
      await emptyPurged(this.#store, this.#ports);
      return true;
    }
    if (logged) {
      const conflict = this.#conflict(logged.version, logged.hash);
      if (conflict !== undefined && logged.forked === null) await this.#ports.markForked(identity, conflict);
      // The log takes no more of it, and says so in the directory; asking for ever would change nothing. What was purged goes all the same.
      if (conflict !== undefined) await emptyPurged(this.#store, this.#ports);
      if (conflict !== undefined) return true;
      await this.#ports.announce(identity.tenant, { position: logged.position, epoch: logged.epoch });
      await this.#clean(logged.version);
    }
    if ((logged?.version ?? 0) < this.#store.memory.version) purgeAnew(this.#store);
    // Read again: an append may have come while we asked. From here to letting go nothing is awaited.
    return (logged?.version ?? 0) >= this.#store.memory.version;
  }

  /** What waits for the log to have it: a purge's emptying, retention's deleting. */
  async #clean(loggedVersion: number): Promise<void> {
    if (loggedVersion < this.#store.memory.version) return;
    await emptyPurged(this.#store, this.#ports);
    const due = await retain(this.#store, loggedVersion, this.#ports.now());
    if (due !== undefined) this.#clock.arm(due);
  }

  #conflict(version: number, hash: string): string | undefined {
    const own = this.#store.envelope(version);
    if (own === undefined) return `The log has version ${version}, the object ends at ${this.#store.memory.version}.`;
    return own.hash === hash ? undefined : `At version ${version} the log has ${hash}, the object ${own.hash}.`;
  }

  async #send(events: readonly RecordedEvent[]): Promise<void> {
    const { tenant, stream } = this.#store.identity;
    const { version, hash } = this.#store.memory;
    const messages = packHints({ shard: this.#ports.shardOf(tenant), tenant, stream, head: { version, hash }, events });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, SEND_TIMEOUT)));
    this.#line.lost();
    // A timer left running would keep the object awake.
    await Promise.race([this.#ports.send(tenant, messages).then(() => this.#line.sent()), patience]).finally(() => clearTimeout(timer));
  }
}
