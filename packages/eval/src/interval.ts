/** The two ends of an interval. */
export interface Interval {
  low: number;
  high: number;
}

/** How an interval is resampled. */
export interface ResampleOptions {
  /** Seed of the resampling, an integer in [0, 2^32); default 42. */
  seed?: number;
  /** Number of resamples, at least 100; default 10,000. */
  resamples?: number;
  /** Share of the distribution inside the interval, in (0, 1); default 0.95. */
  level?: number;
}

/** Fills in the defaults and checks them. */
export function resampling(options: ResampleOptions): Required<ResampleOptions> {
  const { seed = 42, resamples = 10_000, level = 0.95 } = options;
  if (!Number.isInteger(resamples) || resamples < 100) {
    throw new RangeError(
      `resamples: expected an integer of at least 100, got ${resamples} — leave it at 10000`,
    );
  }
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`level: expected a number between 0 and 1, got ${level} — pass for example 0.95`);
  }
  return { seed, resamples, level };
}

/**
 * The percentile interval of resampled statistics: the (1 ± level)/2 quantiles, linearly interpolated between order
 * statistics (Hyndman & Fan's definition 7). Sorts `statistics` in place.
 */
export function percentileInterval(statistics: Float64Array, level: number): Interval {
  statistics.sort();
  return { low: quantile(statistics, (1 - level) / 2), high: quantile(statistics, (1 + level) / 2) };
}

function quantile(sorted: Float64Array, probability: number): number {
  const place = (sorted.length - 1) * probability;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}
