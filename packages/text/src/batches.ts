/** A division of rows into batches. */
export interface TokenBatches {
  /** Row indices of each batch, the longest rows first. */
  batches: number[][];
  /** Puts results, given batch by batch and row by row, back into the rows' order. */
  restore<T>(results: readonly (readonly T[])[]): T[];
}

/**
 * Sorts rows by length, longest first (so the largest size runs first; equal lengths keep their order), and
 * cuts batches of at most `maxRows` rows and `maxTokens` cells, rows × longest row. A row longer than
 * `maxTokens` is a batch of its own. Throws RangeError for limits below 1 or lengths that are no integers.
 */
export function batchByTokens(
  lengths: readonly number[],
  limits: { maxTokens: number; maxRows: number },
): TokenBatches {
  const { maxTokens, maxRows } = limits;
  if (!(maxTokens >= 1) || !(maxRows >= 1))
    throw new RangeError(
      `batchByTokens: expected limits of at least 1, got ${maxTokens} and ${maxRows} — raise them`,
    );
  lengths.forEach((length, row) => {
    if (!Number.isSafeInteger(length) || length < 0)
      throw new RangeError(
        `batchByTokens: row ${row}: expected a length in tokens, got ${length} — encode it first`,
      );
  });
  const order = lengths.map((_, row) => row).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const batches: number[][] = [];
  let current: number[] = [];
  for (const row of order) {
    const longest = lengths[current[0] ?? row]!;
    if (current.length > 0 && (current.length >= maxRows || (current.length + 1) * longest > maxTokens)) {
      batches.push(current);
      current = [];
    }
    current.push(row);
  }
  if (current.length > 0) batches.push(current);
  return {
    batches,
    restore<T>(results: readonly (readonly T[])[]): T[] {
      const restored = new Array<T>(lengths.length);
      batches.forEach((rows, i) => {
        const found = results[i];
        if (results.length !== batches.length || found?.length !== rows.length)
          throw new RangeError(
            `batchByTokens.restore: batch ${i}: expected ${rows.length} results, got ${found?.length ?? 0} — ` +
              'give one per row, batch by batch',
          );
        rows.forEach((row, j) => {
          restored[row] = found[j]!;
        });
      });
      return restored;
    },
  };
}
