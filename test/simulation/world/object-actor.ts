import { Actor } from "./actor.ts";
import type { ObjectHost } from "./object-host.ts";
import { ObjectStorage } from "./object-storage.ts";

/** What the engine's classes have in common, as the runtime calls them. */
export type Instance = Record<string, (...args: unknown[]) => unknown>;

/** An alarm as an incarnation sees it. */
export interface PendingAlarm {
  readonly time: number | null;
  /** Set after the handler that runs, or ran last, began. */
  readonly isSetNow: boolean;
  /** Not on disk yet. */
  readonly isNew: boolean;
}

/** One life of an object, from its constructor to its crash or eviction. */
export class ObjectActor extends Actor {
  readonly host: ObjectHost;
  readonly instance: Instance;
  /** Rejects the callers that wait for this incarnation. */
  readonly callers = new Set<(fault: Error) => void>();
  pending: PendingAlarm;
  #isOpen = false;
  #waiting: (() => void)[] = [];

  constructor(host: ObjectHost, build: string, name: string | undefined) {
    super(host.world, host.name, build);
    this.host = host;
    this.pending = { time: host.alarm.time, isSetNow: false, isNew: false };
    const ctx = {
      id: { name, toString: () => host.id, equals: (other: unknown) => String(other) === host.id },
      storage: new ObjectStorage(this),
      waitUntil: (work: Promise<unknown>) => void work.catch((fault: unknown) => host.world.note(`waitUntil of ${host.name}: ${String(fault)}`)),
      abort: (reason: unknown) => {
        if (this.isAlive) this.crash(`aborted: ${String(reason)}`);
      },
      getWebSockets: () => [],
      acceptWebSocket: () => {},
    };
    const Class = host.classOf(build);
    this.instance = this.run(() => new Class(ctx as unknown as DurableObjectState, host.world.envFor(this)) as unknown as Instance);
  }

  /** The first write after a flush: it, and all until the next flush, are on disk together or not at all. */
  openTransaction(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.host.database.execute("BEGIN");
    this.world.clock.after(0.1 + 3 * this.world.draws.draw(`flush ${this.name}`), () => {
      if (!this.world.step(this, "flush")) return;
      this.flush();
      this.world.step(this, "flushed");
    });
  }

  /** Everything written is on disk from here on. */
  flush(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.host.database.execute("COMMIT");
    if (this.pending.isNew) this.host.alarm.becomes(this.pending.time);
    this.pending = { ...this.pending, isNew: false };
    // In the next moment, so that a crash right after the flush comes before what waited for it.
    for (const then of this.#waiting.splice(0)) this.world.clock.after(0, then);
  }

  override afterFlush(then: () => void): void {
    if (this.#isOpen) this.#waiting.push(then);
    else then();
  }

  override crash(reason = "crashed"): void {
    if (!this.isAlive) return;
    super.crash();
    if (this.#isOpen) this.host.database.execute("ROLLBACK");
    this.#isOpen = false;
    this.#waiting = [];
    this.host.lost(this);
    for (const reject of this.callers)
      this.world.clock.after(this.world.delay("bad news"), () => reject(new Error(`Network connection lost: ${this.name} ${reason}`)));
    this.callers.clear();
  }

  /** Goes quietly, as an idle object does: what was written stays. */
  evict(): void {
    this.flush();
    super.crash();
    this.host.lost(this);
  }
}
