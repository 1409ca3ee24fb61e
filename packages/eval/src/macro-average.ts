import type { MeanInterval } from './bootstrap.js';
import { percentileInterval, type ResampleOptions, resampling } from './interval.js';
import { seededRandom } from './random.js';

/**
 * The mean of the means of several sets of queries, each set counting once, as BEIR averages its collections; the interval draws
 * queries anew within each set (a stratified bootstrap: Davison & Hinkley 1997, section 3.2).
 * @param sets values of each set, one per query; differences of two systems give the interval of their averages' difference
 * @throws on no sets, empty ones, or values that are not finite
 */
export function macroAverage(
  sets: readonly (readonly number[])[],
  options: ResampleOptions = {},
): MeanInterval {
  const { seed, resamples, level } = resampling(options);
  if (sets.length === 0 || sets.some((values) => values.length === 0))
    throw new Error(
      `macroAverage: expected sets of at least one value, got ${sets.length} sets, sizes ${sets.map(({ length }) => length).join(', ') || 'none'} — leave empty ones out`,
    );
  if (sets.some((values) => values.some((value) => !Number.isFinite(value))))
    throw new Error('macroAverage: expected finite values, got others — check the scores');
  const random = seededRandom(seed);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let total = 0;
    for (const values of sets) {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)]!;
      total += sum / values.length;
    }
    means[r] = total / sets.length;
  }
  const mean =
    sets.reduce((total, values) => total + values.reduce((sum, value) => sum + value, 0) / values.length, 0) /
    sets.length;
  return { mean, ...percentileInterval(means, level) };
}
