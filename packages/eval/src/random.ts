/** A seeded stream of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * A stream that is a function of its seed alone: SplitMix, a counter stepped by the golden ratio and a 32-bit finalizer
 * (Steele, Lea & Flood, OOPSLA 2014; finalizer constants of MurmurHash3). Good for resampling, not for secrets.
 * @throws RangeError unless the seed is an integer in [0, 2^32)
 */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(`seed: expected an integer from 0 to 4294967295, got ${seed} — pass for example 42`);
  }
  let counter = finalize(seed ^ 0x2545f491);
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    return finalize(counter) / 2 ** 32;
  };
}

function finalize(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Shuffles in place (Fisher–Yates, every order equally likely). */
export function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
}
