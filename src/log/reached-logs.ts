import type { LogReached } from "../kernel/index.ts";

/** How long (milliseconds) an answer is passed on: many streams look at once when the log is behind, and all want to know the same. */
const FRESH = 1_000;
/** How long it is passed on while somebody asks anew: a log that is behind answers late, too. */
const GOOD_ENOUGH = 10_000;

interface Seen {
  readonly reached: LogReached | undefined;
  /** When it was answered, and when somebody asked last (milliseconds since 1970). */
  readonly at: number;
  readonly asked: number;
}

/**
 * How far an isolate has seen logs to be. Each tenant's log is asked about once a second, however many streams want to know. Answers are
 * passed on, not promises: an object must not wait for what another one has asked.
 */
export class ReachedLogs {
  readonly #seen = new Map<string, Seen>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What was seen lately; undefined where nobody has asked, or it is time to ask again. */
  known(tenant: string): LogReached | undefined {
    const seen = this.#seen.get(tenant);
    if (seen === undefined) return undefined;
    const isAsking = seen.asked > seen.at && this.#now() - seen.asked < FRESH;
    return this.#now() - seen.at < (isAsking ? GOOD_ENOUGH : FRESH) ? seen.reached : undefined;
  }

  /** What was seen lately, else what the log says. */
  async reached(tenant: string, ask: () => Promise<LogReached | undefined>): Promise<LogReached | undefined> {
    const known = this.known(tenant);
    if (known !== undefined) return known;
    const asked = this.#now();
    const before = this.#seen.get(tenant);
    if (before !== undefined) this.#seen.set(tenant, { ...before, asked });
    const reached = await ask();
    for (const [other, { at }] of this.#seen) if (this.#now() - at >= GOOD_ENOUGH) this.#seen.delete(other);
    this.#seen.set(tenant, { reached, at: this.#now(), asked });
    return reached;
  }
}
