// Longer than usual: the object's whole RPC surface, a method for each verb that only wires; what they do is in `follower/`.

import { DurableObject } from "cloudflare:workers";
import type { Attempt, LoggedEvent, Outcome } from "../src/kernel/index.ts";
import { AlarmClock } from "./aggregate/alarm-clock.ts";
import {
  beginningOf,
  type FollowerDefinition,
  type FollowerIdentity,
  type FollowerPorts,
  type FollowerStanding,
  isBeginning,
  type Leased,
  type Wake,
} from "./follower/contract.ts";
import { FollowerStore } from "./follower/follower-store.ts";
import { Leases } from "./follower/leases.ts";
import { Pump } from "./follower/pump.ts";
import { standingOf } from "./follower/standing.ts";
import { heed } from "./follower/told.ts";
import { Turns } from "./follower/turns.ts";

/** How long (milliseconds) a follower that is woken has until its alarm looks whether it got through. */
const GUARD = 10_000;
/** The first pause after a fault, and the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 300_000;
/** How long (milliseconds) who tells it something waits for what is under way to end. */
const PATIENCE_OF_CALLERS = 1_000;
/** Kept from when it is told that its stream says something new until it has read it. */
const HEARD = "heard";
/** How long an alarm stays with a run; then it arms the next one. */
const MOST_OF_AN_ALARM = 60_000;

/**
 * One partition of a follower: a subscription, or a handler in code. It holds an alarm exactly while it is behind, or something is
 * due; an idle one costs nothing. The class only wires.
 */
export abstract class FollowerObject<Env = unknown> extends DurableObject<Env> {
  readonly #ports: FollowerPorts;
  readonly #clock: AlarmClock;
  readonly #store: FollowerStore;
  readonly #identity: FollowerIdentity;
  #pump: Pump | undefined;
  #leases: Leases | undefined;
  #definition: FollowerDefinition | undefined;
  #running: Promise<void> | undefined;
  #learning: Promise<void> = Promise.resolve();
  /** Those who pull, and what it was told: one after the other. */
  readonly #turns = new Turns();
  #isWanted = false;
  /** How often it was told something. */
  #hearings = 0;
  #pause = FIRST_PAUSE;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ports = this.ports(env);
    this.#clock = new AlarmClock(ctx.storage, this.#ports.now);
    this.#store = new FollowerStore(ctx.storage);
    this.#identity = followerOf(ctx.id.name ?? "");
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract ports(env: Env): FollowerPorts;

  /** Something came for it. When this returns there is an alarm on disk, so the caller may forget. */
  async wake(wake: Wake): Promise<void> {
    await this.#known(wake);
    const pump = this.#pump;
    if (pump === undefined) return;
    if (wake.isDoubted) pump.doubt();
    // Who was told something and has not read it may have been paused meanwhile: then nobody woke it for what came, and it may want it.
    else if (pump.isIdle && !this.#store.read(HEARD)) pump.skipTo(wake.first - 1, wake.entryBefore ?? null);
    pump.heard(wake.last);
    this.#clock.arm(this.#ports.now() + GUARD);
    this.#go();
  }

  /** Its subscription's stream says something new: it reads it, and acts. When this returns that is noted on disk, and most often done. */
  async told(): Promise<void> {
    this.#hearings++;
    this.#store.put(HEARD, true);
    this.#clock.arm(this.#ports.now() + GUARD);
    const learning = this.#learn().then(
      () => this.#go(),
      (fault: unknown) => this.#later(fault),
    );
    this.ctx.waitUntil(learning);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_OF_CALLERS)));
    await Promise.race([learning, patience]).finally(() => clearTimeout(timer));
  }

  /** How it stands; nothing is written for that. `routed`: the dispatcher has told it of everything up to here. */
  async standing(routed: number): Promise<FollowerStanding> {
    const definition = await this.#looked();
    const [store, pump, leases] = [this.#store, this.#pump, this.#leases];
    const isAtRest = this.#running === undefined && ((pump?.isIdle ?? false) || (await this.ctx.storage.getAlarm()) === null);
    const hasBegun = definition !== undefined && this.#hasBegun(definition);
    return standingOf({ store, definition, pump, leases, hasBegun, isAtRest, routed });
  }

  /** One attempt at an event that is no part of the log, to see whether the sink answers. (`test` would be taken: the runtime keeps it for tests.) */
  async tryOut(event: LoggedEvent): Promise<{ readonly outcome: Outcome; readonly durationMs: number }> {
    await this.#known();
    if (this.#definition === undefined) return { outcome: { kind: "gone", error: "There is no such follower." }, durationMs: 0 };
    const start = this.#ports.now();
    const outcome = await this.#ports.deliver(this.#identity, this.#definition, { event, attempt: 1 });
    return { outcome, durationMs: this.#ports.now() - start };
  }

  /** Leases what is next to one who pulls. */
  async lease(limit: number, leaseMs: number): Promise<Leased | { readonly refused: string }> {
    await this.#known();
    const leased = await this.#pulled((leases) => leases.lease(limit, leaseMs));
    return leased ?? { refused: "This subscription pushes; only one whose sink is `pull` can be pulled from." };
  }

  /** What was leased is done. */
  async acknowledge(positions: readonly number[]): Promise<number> {
    await this.#known();
    return (await this.#pulled((leases) => leases.acknowledge(positions))) ?? 0;
  }

  /** What was leased failed: it comes again, or is parked. */
  async refuse(positions: readonly number[], reason?: string): Promise<number> {
    await this.#known();
    return (await this.#pulled((leases) => leases.refuse(positions, reason))) ?? 0;
  }

  /** What one who pulls does, after which it says how it stands: nobody wakes it. */
  #pulled<Result>(work: (leases: Leases) => Promise<Result>): Promise<Result | undefined> {
    return this.#turns.take(async () => {
      const leases = this.#leases;
      if (leases === undefined) return undefined;
      // Where it fails, what it has in memory may not be what is on disk.
      const done = await work(leases).catch((fault: unknown) => {
        this.#begin();
        throw fault;
      });
      this.#ports.stands?.(this.#identity, leases.standing);
      return done;
    });
  }

  /** What this object has cost since it woke: rows as billed, alarms among them. */
  costs(): { rowsWritten: number; alarmsSet: number } {
    return { rowsWritten: this.#store.rowsWritten + this.#clock.timesSet, alarmsSet: this.#clock.timesSet };
  }

  override async alarm(): Promise<void> {
    this.#clock.lower();
    try {
      // What it was told and could not read then, it reads now: until then it may stand still.
      await (this.#store.read(HEARD) ? this.#learn() : this.#known());
    } catch (fault) {
      return this.#later(fault);
    }
    this.#go();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, MOST_OF_AN_ALARM)));
    await Promise.race([this.#running, enough]).finally(() => clearTimeout(timer));
    // Until here this alarm itself would come again after a crash.
    if (this.#running !== undefined) this.#clock.arm(this.#ports.now() + GUARD);
  }

  /** Runs until nothing can be done now. Who begins it has an alarm on disk, or is one. */
  #go(): void {
    this.#isWanted = true;
    if (this.#pump === undefined) return;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    this.ctx.waitUntil(this.#running);
  }

  async #run(): Promise<void> {
    while (this.#isWanted && this.#pump !== undefined) {
      this.#isWanted = false;
      const pump: Pump = this.#pump;
      try {
        const due = await pump.run();
        this.#ports.stands?.(this.#identity, pump.standing);
        this.#pause = FIRST_PAUSE;
        if (due !== undefined && this.#pump === pump) this.#clock.arm(Math.max(due, this.#ports.now() + 1));
      } catch (fault) {
        // What it had in memory may not be what is on disk.
        if (this.#pump === pump) this.#begin();
        return this.#later(fault);
      }
    }
  }

  #later(fault: unknown): void {
    console.warn("follower: will go on later", this.ctx.id.name, String(fault));
    this.#clock.arm(this.#ports.now() + this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  /** What it follows, for those who only look: kept nowhere, and nothing begins by it. */
  async #looked(): Promise<FollowerDefinition | undefined> {
    const { told } = this.#store;
    const found = this.#definition ?? (await this.#ports.definition(this.#identity, this.#store.read(HEARD) ? undefined : told?.definition));
    // Somebody else may have come before.
    return this.#definition ?? found;
  }

  /** Whether it has a beginning: a handler has none, whatever it was told, until it is woken. */
  #hasBegun(definition: FollowerDefinition): boolean {
    return this.#identity.kind !== "handler" || isBeginning(definition) || this.#store.cursor !== undefined;
  }

  /** Knows what it follows: from its own store, where it was told before. */
  async #known(wake?: Wake): Promise<void> {
    const { told } = this.#store;
    if (wake !== undefined && told !== undefined && !this.#hasBegun(told.definition)) return this.#learn(wake);
    if (told === undefined || (this.#definition === undefined && this.#store.read(HEARD))) return this.#learn(wake);
    if (this.#definition !== undefined) return;
    // Of a handler the code may say something else by now.
    const definition = await this.#ports.definition(this.#identity, told.definition);
    // Somebody else may have come before.
    if (this.#definition !== undefined) return;
    this.#definition = definition;
    this.#begin();
  }

  /** Reads what its stream says; one after the other, so that nothing is done twice. */
  #learn(wake?: Wake): Promise<void> {
    const learning = this.#learning.catch(() => {}).then(() => this.#readTold(wake));
    this.#learning = learning;
    return learning;
  }

  async #readTold(wake: Wake | undefined): Promise<void> {
    const known = this.#store.told;
    const hearings = this.#hearings;
    const events = await this.#ports.told(this.#identity, known?.version ?? 0);
    const begun = known !== undefined && this.#hasBegun(known.definition) ? known.definition : undefined;
    const isNews = events.length > 0 || (begun === undefined && wake !== undefined);
    if (known !== undefined && !isNews && this.#definition !== undefined) return this.#hasRead(hearings);
    const found = await this.#ports.definition(this.#identity);
    if (found === undefined || found.status === "deleted") return this.forget();
    // A handler begins with what it is woken for first, though it was told something before: to be paused, say.
    const first = wake && { after: wake.first - 1, epoch: wake.epoch, entry: wake.entryBefore };
    const definition = this.#identity.kind === "handler" ? { ...found, ...beginningOf(begun ?? first ?? found) } : found;
    // What is under way ends first: what comes now may speak of it.
    this.#pump?.halt();
    await this.#running;
    await this.#turns.take(async () => {
      try {
        await heed({ follower: this.#identity, store: this.#store, ports: this.#ports }, events, definition);
      } catch (fault) {
        // The one that was halted does nothing more.
        this.#begin();
        throw fault;
      }
      // Before that is noted: the one that was halted does nothing more, and what was read is not read again.
      this.#definition = definition;
      this.#begin();
    });
    this.#hasRead(hearings);
    if (this.#leases !== undefined) this.#ports.stands?.(this.#identity, this.#leases.standing);
  }

  /** Unless it was told something more since it began to read. */
  #hasRead(hearings: number): void {
    if (hearings === this.#hearings) this.#store.remove(HEARD);
  }

  #begin(): void {
    const definition = this.#definition;
    const isActive = definition?.status === "active" && this.#hasBegun(definition);
    this.#leases = definition?.sink === "pull" ? new Leases(this.#identity, definition, this.#store, this.#ports) : undefined;
    this.#pump =
      definition !== undefined && isActive && definition.sink !== "pull" ? new Pump(this.#identity, definition, this.#store, this.#ports) : undefined;
  }

  /** The tenant is deleted. */
  forget(): Promise<void> {
    return this.#turns.take(() => this.#forget());
  }

  async #forget(): Promise<void> {
    this.#pump?.halt();
    await this.#running;
    this.#pump = undefined;
    this.#leases = undefined;
    this.#definition = undefined;
    this.#ports.stands?.(this.#identity, undefined);
    // Also those of which D1 has not said that it has them.
    const waiting = [...this.#store.lanes.values()].map(({ position }) => position);
    await this.#ports.unpark(this.#identity, waiting);
    await this.ctx.storage.deleteAlarm();
    this.#clock.lower();
    await this.#store.forget();
  }
}

/** What an object's name says it is: `<tenant>/<kind>:<id>/<partition>`. */
function followerOf(name: string): FollowerIdentity {
  const [, tenant = "", kind = "subscription", id = "", partition = "0"] = /^([^/]*)\/(subscription|handler):(.*)\/(\d+)$/.exec(name) ?? [];
  return { tenant, kind: kind as FollowerIdentity["kind"], id, partition: Number(partition) };
}

export type { Attempt };
