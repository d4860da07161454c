import { AsyncLocalStorage } from "node:async_hooks";
import type { World } from "./world.ts";

/** Who is running: everything that was started by an actor goes on as that actor, across its awaits. */
export const running = new AsyncLocalStorage<Actor>();

/** What goes wrong on the way to another part and back. Times in milliseconds. */
export interface Travel {
  readonly there: number;
  readonly back: number;
  /** The other part never hears of it. */
  readonly isLost?: boolean;
  /** The other part did it, but this is what the caller gets. */
  readonly error?: Error;
}

/** Somebody who runs code and may crash: an incarnation of an object, an invocation of the worker, or the clients. */
export class Actor {
  readonly world: World;
  readonly name: string;
  readonly build: string;
  isAlive = true;

  constructor(world: World, name: string, build: string) {
    this.world = world;
    this.name = name;
    this.build = build;
  }

  /** Runs code as this actor. */
  run<Result>(work: () => Result): Result {
    return running.run(this, work);
  }

  /** Calls back once what was written before is on disk; at once for who writes nothing. Never, after a crash. */
  afterFlush(then: () => void): void {
    then();
  }

  /** The actor is gone. What it still runs reaches nothing any more. */
  crash(): void {
    this.isAlive = false;
  }

  /**
   * Asks another part of the world: leaves once the writes before it are on disk, arrives, is answered. Every one of these is a step
   * at which the actor may crash; then its promise stays open for ever.
   */
  ask<Answer>(what: string, travel: Travel, effect: () => Answer | Promise<Answer>): Promise<Answer> {
    const { world } = this;
    return new Promise<Answer>((resolve, reject) => {
      const answer = (settle: () => void): void => {
        world.clock.after(travel.back, () => {
          if (world.step(this, `${what}: answered`)) settle();
        });
      };
      const arrive = async (): Promise<void> => {
        if (travel.isLost) return answer(() => reject(travel.error));
        try {
          const result = await effect();
          answer(() => (travel.error === undefined ? resolve(result) : reject(travel.error)));
        } catch (fault) {
          answer(() => reject(travel.error ?? fault));
        }
      };
      if (!this.isAlive) return;
      this.afterFlush(() => {
        if (world.step(this, `${what}: leaves`)) world.clock.after(travel.there, () => void arrive());
      });
    });
  }
}
