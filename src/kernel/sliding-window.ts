/**
 * Never more than `limit` admissions in any window of so many milliseconds. Each admission takes a place until its deadline, one period
 * later; the places are a ring, so the next one to be taken is the one that is free first, and one look decides.
 */
export class SlidingWindow {
  readonly #deadlines: Float64Array;
  readonly #period: number;
  #next = 0;

  constructor(limit: number, periodMs: number) {
    this.#deadlines = new Float64Array(limit);
    this.#period = periodMs;
  }

  /** Takes a place at this time (milliseconds, never less than before), or says no. */
  admit(now: number): boolean {
    if ((this.#deadlines[this.#next] as number) > now) return false;
    this.occupy(now + this.#period);
    return true;
  }

  /** Takes a place until then, whatever stands there: for what is known to have been admitted before. */
  occupy(deadline: number): void {
    this.#deadlines[this.#next] = deadline;
    this.#next = (this.#next + 1) % this.#deadlines.length;
  }

  /** Places that are free at this time. Deadlines stand in their order, so halving finds the first that is not over. */
  free(now: number): number {
    let low = 0;
    let high = this.#deadlines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle) <= now) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Milliseconds from this time until there is one more free place than now; 0 where all are free. */
  untilMore(now: number): number {
    const free = this.free(now);
    return free === this.#deadlines.length ? 0 : this.#at(free) - now;
  }

  /** The deadlines in the order in which they end. */
  #at(index: number): number {
    return this.#deadlines[(this.#next + index) % this.#deadlines.length] as number;
  }
}
