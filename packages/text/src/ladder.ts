/** Rounds sizes up to few distinct values, so that arenas and compiled shaders are reused. */
export interface Ladder {
  /** Rows of `[tokens]` for `count` rows, fillers included; at least `count`. */
  tokens(count: number): number;
  /** Columns of `[batch, seq]` for a longest sequence of `length` tokens; at least `length`. */
  seq(length: number): number;
}

/** No rounding. */
export const exactLadder: Ladder = { tokens: (count) => count, seq: (length) => length };

/**
 * 32 rungs of tokens per doubling: at most 3.2 % of a size is filler beyond the first rungs. Tokens are multiples of
 * 16; `seq` is a multiple of 8 up to 64, of 16 up to 128, of 32 beyond, and never above `maxSeq`.
 */
export function sizeLadder(options: { maxSeq?: number } = {}): Ladder {
  const { maxSeq = Number.POSITIVE_INFINITY } = options;
  return {
    tokens(count) {
      const octave = 2 ** Math.floor(Math.log2(Math.max(1, count)));
      return roundUp(count, Math.max(16, octave / 32));
    },
    seq(length) {
      const step = length <= 64 ? 8 : length <= 128 ? 16 : 32;
      if (length > maxSeq)
        throw new RangeError(`sizeLadder: expected at most ${maxSeq} tokens, got ${length} — truncate first`);
      return Math.min(roundUp(length, step), maxSeq);
    },
  };
}

function roundUp(value: number, multiple: number): number {
  return Math.max(1, Math.ceil(value / multiple)) * multiple;
}
