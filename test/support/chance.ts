/** Chance that a seed repeats. */
export interface Chance {
  /** 1 to n. */
  upTo(n: number): number;
  /** True once in n times. */
  once(n: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffled<Item>(items: readonly Item[]): readonly Item[];
}

/** Mulberry32: small, and the same on every machine. */
export function chance(seed: number): Chance {
  let state = Math.imul(seed, 0x9e3779b1);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const upTo = (n: number): number => 1 + Math.floor(next() * n);
  return {
    upTo,
    once: (n) => upTo(n) === 1,
    pick: (items) => items[upTo(items.length) - 1] as (typeof items)[number],
    shuffled(items) {
      const mixed = [...items];
      for (let i = mixed.length - 1; i > 0; i--) {
        const j = upTo(i + 1) - 1;
        [mixed[i], mixed[j]] = [mixed[j] as (typeof items)[number], mixed[i] as (typeof items)[number]];
      }
      return mixed;
    },
  };
}
