/**
 * Counts the steps of the one evaluation under way: none of them waits, so there is never another. Where a step is too many it throws,
 * so that a large event and a filter made for it take a second and not a day. The caller counts it as a failure, for nobody can say
 * whether the event was wanted.
 */
class Meter {
  #most = 0;
  #left = 0;

  begin(most: number): void {
    this.#most = most;
    this.#left = most;
  }

  /** Tells also after what was thrown was caught. */
  get isSpent(): boolean {
    return this.#left < 0;
  }

  get taken(): number {
    return this.#most - this.#left;
  }

  /** Throws an Error of the code `filter_too_costly` where no step is left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw this.tooCostly();
  }

  tooCostly(): Error {
    return Object.assign(new Error(`expected the filter to take at most ${this.#most} steps for an event, got more`), { code: "filter_too_costly" });
  }
}

export const meter = new Meter();
