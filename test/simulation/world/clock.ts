import type { Draws } from "./draws.ts";

/** Something that is going to happen. */
export interface Due {
  readonly time: number;
  readonly tie: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** When every simulation begins (milliseconds since 1970): 2026-01-01T00:00:00Z. */
export const BEGINNING = 1_767_225_600_000;

const realImmediate = setImmediate;

/** Time that passes only from one event to the next. What is due at the same time comes in an order that the seed decides. */
export class Clock {
  /** Milliseconds since 1970, with fractions. */
  time = BEGINNING;
  /** Events that have happened. */
  happened = 0;
  readonly #draws: Draws;
  readonly #heap: Due[] = [];

  constructor(draws: Draws) {
    this.#draws = draws;
  }

  /** As `Date.now` tells it. */
  now(): number {
    return Math.floor(this.time);
  }

  /** Runs something so many milliseconds from now. */
  after(milliseconds: number, run: () => void): Due {
    const due = { time: this.time + Math.max(0, milliseconds), tie: this.#draws.draw("tie"), run, isCancelled: false };
    this.#push(due);
    return due;
  }

  /** Lets events happen until none is left; false where there were more than `most`. After each, all promises that can go on do. */
  async run(most: number): Promise<boolean> {
    for (let count = 0; count < most;) {
      const due = this.#pop();
      if (due === undefined) return true;
      if (due.isCancelled) continue;
      this.time = due.time;
      this.happened++;
      count++;
      due.run();
      await new Promise<void>((resolve) => realImmediate(resolve));
    }
    return false;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(due, heap[parent] as Due)) break;
      heap[at] = heap[parent] as Due;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.time < other.time || (one.time === other.time && one.tie < other.tie);
}
