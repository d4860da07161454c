import type { DueCall, DueWork, EventMetadata } from "../../src/kernel/index.ts";
import type { AlarmClock } from "./alarm-clock.ts";

/** How long (milliseconds) calls that are under way have until the alarm looks again. */
const GUARD = 10_000;
/** Calls under way at a time. */
const WIDTH = 6;
/** The pause (milliseconds) after the saga itself could not be told. */
const AGAIN = 1_000;

const NOTHING: DueWork = { calls: [], deadlines: [] };

/** What came of a call. `due` (RFC 3339): when it is tried again; left out where its attempts are over. */
export type Performed =
  | { readonly outcome: "done" }
  | { readonly outcome: "rejected"; readonly error: string }
  | { readonly outcome: "failed"; readonly error: string; readonly due?: string };

/** What a saga's instance does beyond deciding; the composition root gives it. */
export interface SagaPort {
  due(state: unknown): DueWork;
  /** Until when (milliseconds since 1970) nothing is done for a tenant, for it is suspended or a quota of it is full; 0 where neither is so. At once where it is known. */
  restsUntil(tenant: string): number | Promise<number>;
  /** Makes a call; never rejects. Made twice it has its effect once. */
  perform(instance: SagaInstance["identity"] & { readonly cause: EventMetadata }, call: DueCall, state: unknown): Promise<Performed>;
}

/** The instance itself, as its work sees it. */
export interface SagaInstance {
  readonly identity: { readonly tenant: string; readonly stream: string };
  /** What the instance began with: who, and in which flow. */
  cause(): EventMetadata;
  state(): unknown;
  version(): number;
  /** Tells the instance what came of a call, or that time has passed: an append of its own. */
  tell(command: string, data: object): Promise<unknown>;
}

/**
 * Does what an instance of a saga wants done: its calls, and noticing that time has passed. Everything it works from is in the stream;
 * so after a crash it goes on there, and what was made already is made again under the same key.
 */
export class SagaWork {
  readonly #port: SagaPort;
  readonly #instance: SagaInstance;
  readonly #clock: AlarmClock;
  readonly #now: () => number;
  readonly #underway = new Map<string, Promise<void>>();
  #running: Promise<void> | undefined;
  #isWanted = false;

  constructor(port: SagaPort, instance: SagaInstance, clock: AlarmClock, now: () => number) {
    this.#port = port;
    this.#instance = instance;
    this.#clock = clock;
    this.#now = now;
  }

  /** Works until nothing can be done now; then the alarm knows when to come again. Never rejects. */
  look(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted || this.#underway.size > 0) {
        this.#isWanted = false;
        const isResting = await this.#rests();
        const { calls, deadlines } = isResting ? NOTHING : this.#port.due(this.#instance.state());
        if (await this.#tick(deadlines)) {
          this.#isWanted = true;
          continue;
        }
        this.#begin(calls);
        this.#arm(calls, deadlines);
        if (this.#underway.size > 0) await Promise.race(this.#underway.values());
      }
    } catch (fault) {
      console.warn("saga: will go on later", this.#instance.identity.stream, String(fault));
      this.#clock.arm(this.#now() + AGAIN);
    }
  }

  /** Whether the tenant rests and something would be done: then the alarm comes again, and nothing is begun. */
  async #rests(): Promise<boolean> {
    const { calls, deadlines } = this.#port.due(this.#instance.state());
    if (calls.length === 0 && deadlines.length === 0) return false;
    const rest = this.#port.restsUntil(this.#instance.identity.tenant);
    const until = typeof rest === "number" ? rest : await rest;
    if (until <= this.#now()) return false;
    this.#clock.arm(until);
    return true;
  }

  /** A deadline has passed: says whether that changed anything. */
  async #tick(deadlines: readonly string[]): Promise<boolean> {
    const now = new Date(this.#now()).toISOString();
    if (!deadlines.some((deadline) => deadline <= now)) return false;
    const before = this.#instance.version();
    await this.#instance.tell("Tick", {});
    return this.#instance.version() > before;
  }

  #begin(calls: readonly DueCall[]): void {
    const now = new Date(this.#now()).toISOString();
    for (const call of calls) {
      const key = `${call.step}/${call.round}/${call.isUndoing}/${call.call}`;
      if (call.due > now || this.#underway.has(key) || this.#underway.size >= WIDTH) continue;
      const work = this.#perform(call).finally(() => this.#underway.delete(key));
      // Who waits for it hears of its fault; where nobody comes to wait, as in an object that is ending, nobody else is to.
      work.catch(() => {});
      this.#underway.set(key, work);
    }
  }

  async #perform(call: DueCall): Promise<void> {
    const { step, round, call: index, failures, isUndoing } = call;
    const began = this.#now();
    const performed = await this.#port.perform({ ...this.#instance.identity, cause: this.#instance.cause() }, call, this.#instance.state());
    await this.#instance.tell("Report", { step, round, call: index, failures, isUndoing, ...performed, durationMs: Math.max(this.#now() - began, 0) });
    this.#isWanted = true;
  }

  /** While something is under way the alarm looks soon, for the object may be gone by then. */
  #arm(calls: readonly DueCall[], deadlines: readonly string[]): void {
    const now = this.#now();
    const dues = [...calls.map(({ due }) => Date.parse(due)), ...deadlines.map((deadline) => Date.parse(deadline))].filter((due) => due > now);
    if (this.#underway.size > 0) dues.push(now + GUARD);
    if (dues.length > 0) this.#clock.arm(Math.min(...dues));
  }
}
