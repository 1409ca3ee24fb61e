import { type Interval, percentileInterval, type ResampleOptions, resampling } from './interval.js';
import { seededRandom } from './random.js';

/** A mean over queries with its bootstrap interval. */
export interface MeanInterval extends Interval {
  mean: number;
}

/** How much system b is better than system a, with its bootstrap interval. */
export interface PairedDifference extends Interval {
  /** mean(b) − mean(a): positive when b is better. */
  difference: number;
  /** Probability of superiority: the share of resamples in which b's mean is above a's, equal means counting half. */
  superiority: number;
  /** Two-sided: twice the smaller share of resamples at or beyond 0, counted as (1 + count) / (1 + resamples). */
  pValue: number;
}

/**
 * Bootstrap interval of a mean: queries are drawn with replacement, the interval is the percentile one.
 *
 * Reference: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
 *
 * @param values one per query
 * @throws on fewer than two values or values that are not finite
 */
export function bootstrapMean(values: readonly number[], options: ResampleOptions = {}): MeanInterval {
  const { level } = resampling(options);
  const means = resampleMeans('bootstrapMean', values, options);
  return { mean: mean(values), ...percentileInterval(means, level) };
}

/**
 * Paired bootstrap of two systems on the same queries: whole queries are drawn with replacement, so both systems always
 * meet the same ones. The p-value inverts the interval: it falls below 1 − level about where the interval leaves 0.
 *
 * References: Efron & Tibshirani 1993, chapter 13; Sakai, "Evaluating Evaluation Metrics based on the Bootstrap",
 * SIGIR 2006; Davison & Hinkley 1997, section 4.2 (the added 1).
 *
 * @param a per-query values of the first system, such as the untrained model
 * @param b per-query values of the second system, same queries in the same order
 * @throws on unequal lengths, fewer than two queries or values that are not finite
 */
export function pairedBootstrap(
  a: readonly number[],
  b: readonly number[],
  options: ResampleOptions = {},
): PairedDifference {
  if (a.length !== b.length) {
    throw new Error(
      `pairedBootstrap: expected two systems on the same queries, got ${a.length} and ${b.length} values — evaluate both on one set`,
    );
  }
  const { level, resamples } = resampling(options);
  const differences = b.map((value, i) => value - a[i]!);
  const means = resampleMeans('pairedBootstrap', differences, options);
  const atMostZero = means.reduce((count, value) => count + Number(value <= 0), 0);
  const atLeastZero = means.reduce((count, value) => count + Number(value >= 0), 0);
  const pValue = Math.min(1, (2 * (1 + Math.min(atMostZero, atLeastZero))) / (1 + resamples));
  const superiority = (atLeastZero + resamples - atMostZero) / (2 * resamples);
  return { difference: mean(differences), superiority, pValue, ...percentileInterval(means, level) };
}

function resampleMeans(where: string, values: readonly number[], options: ResampleOptions): Float64Array {
  const { seed, resamples } = resampling(options);
  const count = values.length;
  if (count < 2) {
    throw new Error(
      `${where}: expected at least 2 queries, got ${count} — an interval needs something to resample`,
    );
  }
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0)
    throw new Error(`${where}: value ${odd} expected a finite number, got ${values[odd]} — check the scores`);
  const random = seededRandom(seed);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[Math.floor(random() * count)]!;
    means[r] = sum / count;
  }
  return means;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
