/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

/** Numbers that a seed decides, by xorshift32 (Marsaglia 2003), after the seed's bits were spread. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T;
}
