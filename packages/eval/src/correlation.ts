/**
 * Pearson's correlation: Σ (a − ā)(b − b̄) / √(Σ (a − ā)² · Σ (b − b̄)²), in float64, deviations scaled by the largest
 * so that nothing over- or underflows.
 *
 * @returns a number in [−1, 1]
 * @throws on unequal lengths, fewer than two values, values that are not finite, and constant values, whose
 *   correlation is undefined (SciPy gives NaN)
 */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  check('pearson', a, b);
  return correlate(a, b);
}

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, where equal values share the mean of their ranks.
 * Reference: Spearman, "The Proof and Measurement of Association between Two Things", 1904.
 *
 * @returns a number in [−1, 1]
 * @throws as `pearson` does
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  check('spearman', a, b);
  return correlate(averageRanks(a), averageRanks(b));
}

/** Rank of each value from 1, ascending; equal values get the mean of the ranks that they take up. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

function check(where: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length || a.length < 2) {
    throw new Error(
      `${where}: expected two lists of equal length, at least 2, got ${a.length} and ${b.length} values — pass one pair per row`,
    );
  }
  for (const [name, values] of Object.entries({ first: a, second: b })) {
    let varies = false;
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) {
        throw new Error(
          `${where}: ${name} list, value ${i} expected a finite number, got ${values[i]} — check the scores`,
        );
      }
      varies ||= values[i] !== values[0];
    }
    if (!varies) {
      throw new Error(
        `${where}: ${name} list expected values that differ, got ${values.length} times ${values[0]} — the correlation of a constant is undefined`,
      );
    }
  }
}

function correlate(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [unitDeviations(a), unitDeviations(b)];
  const sum = x.reduce((total, value, i) => total + value * y[i]!, 0);
  // Rounding may pass ±1 by an ulp or two.
  return Math.max(-1, Math.min(1, sum));
}

/** (value − mean) divided by the root of the sum of squares. */
function unitDeviations(values: ArrayLike<number>): Float64Array {
  // Divided before they are added, or values near the largest number would overflow.
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  const deviations = Float64Array.from(values, (value) => value - mean);
  const largest = deviations.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = deviations.map((value) => value / largest);
  const norm = Math.sqrt(scaled.reduce((total, value) => total + value * value, 0));
  return scaled.map((value) => value / norm);
}
