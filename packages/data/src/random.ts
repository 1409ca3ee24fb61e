/** Four 32-bit words. */
export type Words = Uint32Array;

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the product of two unsigned 32-bit integers, by 16-bit halves. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const low = a0 * b0;
  const mid = a1 * b0 + (low >>> 16);
  const mid2 = a0 * b1 + (mid & 0xffff);
  return (a1 * b1 + Math.floor(mid / 0x10000) + Math.floor(mid2 / 0x10000)) >>> 0;
}

/**
 * Philox4x32-10: encrypts the counter in `words` in place under the key (k0, k1), giving four random 32-bit words.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
export function philox4x32(words: Words, k0: number, k1: number): void {
  let [c0, c1, c2, c3] = words as unknown as [number, number, number, number];
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** A stream of random numbers that belongs to one place; a new one of the same place repeats it. */
export interface Random {
  /** Next unsigned 32-bit integer. */
  uint32(): number;
  /** Next number in [0, 1), 53 bits. */
  uniform(): number;
  /** Next integer in [0, n), each equally likely, 1 ≤ n ≤ 2³². */
  below(n: number): number;
  /** A random order of 0 … n−1. */
  permutation(n: number): Uint32Array;
  /** k different integers of 0 … n−1 in random order, k ≤ n; time and memory grow with k only. */
  sample(n: number, k: number): number[];
}

/** Two words per coordinate: an integer as it is (up to 2⁵³), a name by two hashes and a mark that keeps it apart. */
function coordinateWords(coordinate: number | string): [number, number] {
  if (typeof coordinate === 'string') {
    let [a, b] = [0x811c9dc5, 0x050c5d1f];
    for (let i = 0; i < coordinate.length; i++) {
      a = Math.imul(a ^ coordinate.charCodeAt(i), 0x01000193);
      b = Math.imul(b ^ coordinate.charCodeAt(i), 0x85ebca6b);
      b ^= b >>> 13;
    }
    return [a >>> 0, (b | 0x80000000) >>> 0];
  }
  if (!Number.isSafeInteger(coordinate) || coordinate < 0) {
    throw new RangeError(`random coordinate: expected an integer from 0 to 2^53 - 1, got ${coordinate}`);
  }
  return [coordinate >>> 0, Math.floor(coordinate / 2 ** 32)];
}

/**
 * Random numbers as a function of their place and nothing else: `at(seed, 'negatives', epoch, row)`.
 * Coordinates are integers from 0 or names (of the use, so that two uses at one place draw apart). They are absorbed
 * into a Philox key, whose counter then numbers the draws.
 */
export function at(seed: number, ...coordinates: readonly (number | string)[]): Random {
  const block = new Uint32Array(4);
  const [low, high] = coordinateWords(seed);
  let [k0, k1] = [low, high];
  const absorb = (a: readonly [number, number], b: readonly [number, number]) => {
    block.set([a[0], a[1], b[0], b[1]]);
    philox4x32(block, k0, k1);
    [k0, k1] = [block[0]!, block[1]!];
  };
  // The count comes first, so that (1) and (1, 0) differ.
  absorb([coordinates.length, 0], [0, 0]);
  for (let i = 0; i < coordinates.length; i += 2) {
    absorb(coordinateWords(coordinates[i]!), coordinateWords(coordinates[i + 1] ?? 0));
  }

  let index = 0;
  const uint32 = (): number => {
    if (index % 4 === 0) {
      const draw = index / 4;
      block.set([draw >>> 0, Math.floor(draw / 2 ** 32), 0, 0]);
      philox4x32(block, k0, k1);
    }
    return block[index++ % 4]!;
  };
  const below = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`below: expected an integer from 1 to 2^32, got ${n}`);
    }
    // Words from the last, incomplete run of n are drawn again, so that no remainder is favoured.
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = uint32();
    while (word >= limit) word = uint32();
    return word % n;
  };
  return {
    uint32,
    below,
    uniform: () => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53,
    permutation: (n) => {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1);
        const kept = order[i]!;
        order[i] = order[j]!;
        order[j] = kept;
      }
      return order;
    },
    sample: (n, k) => {
      if (!(k >= 0 && k <= n)) throw new RangeError(`sample: expected at most ${n} draws, got ${k}`);
      // The first k steps of a Fisher-Yates shuffle of 0 … n−1, keeping only the places that moved.
      const moved = new Map<number, number>();
      return Array.from({ length: k }, (_, i) => {
        const j = i + below(n - i);
        const drawn = moved.get(j) ?? j;
        moved.set(j, moved.get(i) ?? i);
        return drawn;
      });
    },
  };
}
