/**
 * Chance by name: each label has a sequence of its own, so that what is cut out of a story does not change the luck of what stays.
 */
export class Draws {
  readonly #seed: number;
  readonly #states = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** 0 inclusive to 1 exclusive; the next of this label. */
  draw(label: string): number {
    const state = ((this.#states.get(label) ?? this.#seedOf(label)) + 0x6d2b79f5) | 0;
    this.#states.set(label, state);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** `low` to `high`, both inclusive. */
  between(label: string, low: number, high: number): number {
    return low + Math.floor(this.draw(label) * (high - low + 1));
  }

  /** True once in n times. */
  once(label: string, n: number): boolean {
    return this.draw(label) < 1 / n;
  }

  pick<Item>(label: string, items: readonly Item[]): Item {
    return items[Math.floor(this.draw(label) * items.length)] as Item;
  }

  #seedOf(label: string): number {
    let hash = Math.imul(this.#seed ^ 0x811c9dc5, 0x9e3779b1);
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    return hash ^ (hash >>> 13);
  }
}
