import { evaluateRanking } from './evaluate-ranking.js';
import { type Interval, percentileInterval, type ResampleOptions, resampling } from './interval.js';
import { type MetricName, metricNamed } from './metric.js';
import { seededRandom, shuffle } from './random.js';
import type { JudgedQuery } from './ranking.js';
import { rankInOrder } from './ranking.js';

/** What random order scores on a set of queries. */
export interface Chance extends Interval {
  /** Exact expected mean over the queries. */
  mean: number;
}

/**
 * The mean of each metric when passages are ordered at random, independently per query.
 *
 * `mean` is exact: the metric of a ranking in which all passages are tied. The interval holds `level` of the means of
 * seeded random orders: a system that knows nothing lands inside it with that probability.
 *
 * @param queries as for `evaluateRanking`; their scores are not used
 * @param options resamples defaults to 2,000 random orders of the whole set
 * @throws as `evaluateRanking` does; a query without a positive is an error
 */
export function chance<const Name extends MetricName>(
  queries: readonly Pick<JudgedQuery, 'relevance' | 'missing'>[],
  metrics: readonly Name[],
  options: ResampleOptions = {},
): Record<Name, Chance> {
  const { seed, resamples, level } = resampling({ resamples: 2_000, ...options });
  const tied = queries.map((query) => ({ ...query, scores: new Float64Array(query.relevance.length) }));
  const { means } = evaluateRanking(tied, metrics);
  const metricOf = metrics.map((name) => metricNamed(name));
  const samples = metrics.map(() => new Float64Array(resamples));
  const random = seededRandom(seed);
  const orders = queries.map(({ relevance, missing }) => ({
    grades: Array.from(relevance, (grade) => Math.max(0, grade)),
    missing: Array.from(missing ?? [], (grade) => Math.max(0, grade)),
  }));
  for (let r = 0; r < resamples; r++) {
    for (const { grades, missing } of orders) {
      shuffle(grades, random);
      const ranking = rankInOrder(grades, missing);
      for (const [m, metric] of metricOf.entries()) samples[m]![r]! += metric(ranking) / queries.length;
    }
  }
  const result = {} as Record<Name, Chance>;
  for (const [m, name] of metrics.entries()) {
    result[name] = { mean: means[name], ...percentileInterval(samples[m]!, level) };
  }
  return result;
}
