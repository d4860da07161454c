import { AlarmTimer } from "./alarm-timer.ts";
import { ObjectActor } from "./object-actor.ts";
import { Database, type Dump } from "./sqlite.ts";
import type { World } from "./world.ts";

/** A class of the engine, as one build has it. */
export type ObjectClass = new (ctx: DurableObjectState, env: unknown) => unknown;

/** Alarms of one object while nothing happens anywhere: who waits for a probe of its sink looks once a second, for a minute. */
const MOST_IDLE = 120;

/** Where an object lives: its disk, its alarm, and the incarnation that there is now, if any. */
export class ObjectHost {
  readonly world: World;
  readonly name: string;
  readonly id: string;
  /** The name that the object was made by; `ctx.id.name`. */
  readonly idName: string;
  readonly classOf: (build: string) => ObjectClass;
  readonly database = new Database();
  readonly alarm: AlarmTimer;
  #actor: ObjectActor | undefined;
  #used = 0;
  #activity = 0;
  #strikes = 0;
  #idleAlarms = 0;
  #uselessAlarms = 0;

  constructor(world: World, names: { readonly name: string; readonly id: string; readonly idName: string }, of: ObjectHost["classOf"]) {
    this.world = world;
    this.name = names.name;
    this.id = names.id;
    this.idName = names.idName;
    this.classOf = of;
    this.alarm = new AlarmTimer(this);
  }

  /** The incarnation that answers now; made if there is none. */
  awake(name: string | undefined = this.idName): ObjectActor {
    const { clock, draws } = this.world;
    // The runtime evicts what nobody has called for 10 to 140 seconds.
    if (clock.time - this.#used > 1_000 * draws.between(`idle ${this.name}`, 10, 140)) this.evict();
    this.#used = clock.time;
    this.#actor ??= new ObjectActor(this, this.world.buildOf(this.name), name);
    return this.#actor;
  }

  /** An alarm is given. */
  fires(): void {
    const { activity, faults } = this.world;
    this.#idleAlarms = this.#activity === activity ? this.#idleAlarms + 1 : 1;
    this.#uselessAlarms = this.uselessAlarms + 1;
    this.#activity = activity;
    this.#strikes = faults.strikes;
    if (this.#idleAlarms > MOST_IDLE) this.world.broken ??= `${this.name} was woken ${this.#idleAlarms} times while nothing went on`;
  }

  /** Alarms that were given since anything happened anywhere, or failed. */
  get uselessAlarms(): number {
    return this.#activity === this.world.activity && this.#strikes === this.world.faults.strikes ? this.#uselessAlarms : 0;
  }

  /** An incarnation is no more. */
  lost(actor: ObjectActor): void {
    if (this.#actor === actor) this.#actor = undefined;
    this.alarm.interrupted(actor);
  }

  /** The runtime has given the alarm up: it is not set any more, whatever the incarnation remembers. */
  forgetAlarm(): void {
    if (this.#actor !== undefined && !this.#actor.pending.isNew) this.#actor.pending = { time: null, isSetNow: false, isNew: false };
  }

  /** Ends the incarnation there is, without a warning. */
  crash(): void {
    this.#actor?.crash();
  }

  /** Ends the incarnation if nobody is being answered. */
  evict(): boolean {
    if (this.#actor === undefined || this.#actor.callers.size > 0 || this.alarm.isRunning) return false;
    this.#actor.evict();
    return true;
  }

  /** All that is on disk; the incarnation ends for it. */
  copy(): { readonly dump: Dump; readonly alarm: number | null } {
    if (!this.evict()) this.crash();
    return { dump: this.database.dump(), alarm: this.alarm.time };
  }

  /** The disk is set back. */
  restore({ dump, alarm }: ReturnType<ObjectHost["copy"]>): void {
    this.crash();
    this.database.load(dump);
    this.alarm.becomes(alarm);
  }

  /** Calls a method, as RPC does: the answer is a copy, as the arguments are already, and waits for the flush; a crash rejects it. */
  invoke(method: string, args: readonly unknown[], name: string | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const actor = this.awake(name);
      actor.callers.add(reject);
      const settle = (then: () => void): void => {
        actor.afterFlush(() => {
          if (!this.world.step(actor, `${method}: answers`)) return;
          actor.callers.delete(reject);
          then();
        });
      };
      if (!this.world.step(actor, `${method}: begins`)) return;
      const work = async (): Promise<unknown> => actor.instance[method]?.(...args);
      actor.run(work).then(
        (result) => settle(() => resolve(typeof result === "object" ? structuredClone(result) : result)),
        (fault: unknown) => settle(() => reject(new Error(fault instanceof Error ? fault.message : String(fault)))),
      );
    });
  }
}
