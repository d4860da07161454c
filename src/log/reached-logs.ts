import type { LogReached } from "../kernel/index.ts";

/** How long (milliseconds) an answer is passed on: many streams look at once when the log is behind, and all want to know the same. */
const FRESH = 1_000;

/** How far an isolate has seen logs to be. Each tenant's log is asked once a second, however many streams want to know. */
export class ReachedLogs {
  readonly #seen = new Map<string, { readonly reached: LogReached | undefined; readonly at: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What was seen within the last second; undefined where nobody has asked. */
  known(tenant: string): LogReached | undefined {
    const seen = this.#seen.get(tenant);
    return seen !== undefined && this.#now() - seen.at < FRESH ? seen.reached : undefined;
  }

  /** What was seen within the last second, else what the log says. */
  async reached(tenant: string, ask: () => Promise<LogReached | undefined>): Promise<LogReached | undefined> {
    const known = this.known(tenant);
    if (known !== undefined) return known;
    const reached = await ask();
    for (const [other, { at }] of this.#seen) if (this.#now() - at >= FRESH) this.#seen.delete(other);
    this.#seen.set(tenant, { reached, at: this.#now() });
    return reached;
  }
}
