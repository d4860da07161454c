import type { Figures } from "./run-story.ts";

/** The figures of many runs, added up. */
export class Totals {
  readonly #sums = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  seeds = 0;

  add({ faults, events, steps, crashes, calls }: Figures): void {
    this.seeds++;
    for (const [name, count] of Object.entries({ events, steps, crashes, calls })) this.#sums.set(name, (this.#sums.get(name) ?? 0) + count);
    for (const [name, count] of Object.entries(faults)) this.#faults.set(name, (this.#faults.get(name) ?? 0) + count);
  }

  /** One line with everything. `milliseconds`: how long it took. */
  text(failed: number, milliseconds: number): string {
    const sums = [...this.#sums].map(([name, count]) => `${count} ${name}`).join(", ");
    const faults = [...this.#faults].sort().map(([name, count]) => `${name} ${count}`);
    const all = [...this.#faults.values()].reduce((sum, count) => sum + count, 0);
    return `${this.seeds} seeds, ${failed} failed, ${sums}, ${all} faults (${faults.join(", ")}), ${(milliseconds / 1_000).toFixed(1)} s`;
  }
}
