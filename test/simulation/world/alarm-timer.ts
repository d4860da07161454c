import type { ObjectActor } from "./object-actor.ts";
import type { ObjectHost } from "./object-host.ts";
import type { Due } from "./clock.ts";

/** After so many failures in a row the runtime gives an alarm up. */
const MOST_RETRIES = 6;
const FIRST_BACKOFF = 2_000;

/**
 * An object's alarm as the runtime keeps it on disk. It is given at least once; it is gone when its handler has returned unless it
 * was set anew meanwhile; a handler that fails is tried again six times, and then the alarm is abandoned.
 */
export class AlarmTimer {
  /** On disk; null where none is set. */
  time: number | null = null;
  readonly #host: ObjectHost;
  #due: Due | undefined;
  #failures = 0;
  #running: ObjectActor | undefined;

  constructor(host: ObjectHost) {
    this.#host = host;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** What an incarnation has set is on disk now. */
  becomes(time: number | null): void {
    this.time = time;
    this.#failures = 0;
    this.#schedule(time);
  }

  /** The incarnation that ran the handler is gone. */
  interrupted(actor: ObjectActor): void {
    if (this.#running !== actor) return;
    this.#running = undefined;
    this.#failed(actor);
  }

  #schedule(time: number | null): void {
    if (this.#due !== undefined) this.#due.isCancelled = true;
    this.#due = undefined;
    if (time === null) return;
    const { clock, draws } = this.#host.world;
    this.#due = clock.after(time - clock.time + 20 * draws.draw(`alarm ${this.#host.name}`), () => this.#fire());
  }

  #fire(): void {
    this.#due = undefined;
    const { world, name } = this.#host;
    // One handler at a time: the next one waits until this one is through.
    if (this.isRunning) return this.#schedule(world.clock.time + 50);
    switch (world.faults.take("alarm", name)) {
      case "late":
        return this.#schedule(world.clock.time + world.draws.between(`late ${name}`, 1_000, 90_000));
      case "abandon":
        return this.#abandon();
      case "before":
        return this.#failed(undefined);
      case "double":
        return this.#run(() => this.#runAgain());
      default:
        return this.#run(() => {});
    }
  }

  #run(afterwards: () => void): void {
    const { world } = this.#host;
    const actor = this.#host.awake();
    this.#running = actor;
    actor.pending = { ...actor.pending, isSetNow: false };
    this.#host.fires();
    if (!world.step(actor, "alarm: begins")) return;
    void actor.run(() => this.#handle(actor, afterwards));
  }

  async #handle(actor: ObjectActor, afterwards: () => void): Promise<void> {
    const { world, name } = this.#host;
    try {
      await actor.instance["alarm"]?.({ retryCount: this.#failures, isRetry: this.#failures > 0 });
    } catch (fault) {
      if (!actor.isAlive) return;
      // Six of these in a row, and the runtime gives the alarm up: the engine catches, and sets it again.
      world.broken ??= `the alarm of ${name} threw: ${String(fault)}`;
      this.#running = undefined;
      return this.#failed(actor);
    }
    if (!world.step(actor, "alarm: ends")) return;
    if (!actor.pending.isSetNow) {
      // Gone with the handler's return, in the same transaction as what the handler wrote last.
      actor.openTransaction();
      actor.pending = { time: null, isSetNow: true, isNew: true };
    }
    // Owed until that is on disk: a crash before it gives the alarm again.
    actor.afterFlush(() => {
      if (this.#running === actor) this.#running = undefined;
      if (actor.isAlive) this.#failures = 0;
      afterwards();
    });
  }

  /** Given a second time, right after the first: the handler runs once more, and what is set stays set. */
  #runAgain(): void {
    const { world } = this.#host;
    world.clock.after(world.delay("second alarm"), () => {
      if (this.isRunning) return;
      const actor = this.#host.awake();
      if (world.step(actor, "second alarm: begins")) actor.run(async () => actor.instance["alarm"]?.({ retryCount: 1, isRetry: true })).catch(() => {});
    });
  }

  #failed(actor: ObjectActor | undefined): void {
    // What the handler set before it failed takes the place of the retry, once it is on disk.
    if (this.#due !== undefined || this.time === null || (actor?.isAlive && actor.pending.isSetNow)) return;
    if (++this.#failures > MOST_RETRIES) return this.#abandon();
    this.#host.world.faults.count("alarm retried");
    this.#schedule(this.#host.world.clock.time + FIRST_BACKOFF * 2 ** (this.#failures - 1));
  }

  #abandon(): void {
    this.time = null;
    this.#host.forgetAlarm();
    this.#failures = 0;
    this.#host.world.abandoned(this.#host);
  }
}
