import { averagePrecision } from './average-precision.js';
import { hitRate } from './hit-rate.js';
import { mrr } from './mrr.js';
import { ndcg } from './ndcg.js';
import { precision } from './precision.js';
import type { Ranking } from './ranking.js';
import { recall } from './recall.js';

const METRICS = {
  mrr,
  ndcg: (ranking: Ranking, k: number) => ndcg(ranking, k, 'linear'),
  'ndcg-exponential': (ranking: Ranking, k: number) => ndcg(ranking, k, 'exponential'),
  map: averagePrecision,
  recall,
  precision,
  'hit-rate': hitRate,
};

/** A metric's value for one query. */
export type Metric = (ranking: Ranking) => number;

/** A metric as users write it: `map` for the whole ranking, `mrr@10` for the first ten ranks. */
export type MetricName = keyof typeof METRICS | `${keyof typeof METRICS}@${number}`;

/**
 * The metric that a name stands for.
 * @throws RangeError naming the known metrics, or when k is missing where the metric needs one
 */
export function metricNamed(name: MetricName): Metric {
  const [, kind, cut] = /^([a-z-]+)(?:@([1-9]\d*))?$/.exec(name) ?? [];
  if (kind === undefined || !Object.hasOwn(METRICS, kind)) {
    throw new RangeError(
      `metric "${name}": expected one of ${Object.keys(METRICS).join(', ')}, alone or with a cut-off, got "${name}" — write for example mrr@10`,
    );
  }
  if (cut === undefined && ['recall', 'precision', 'hit-rate'].includes(kind)) {
    throw new RangeError(`metric "${name}": expected a cut-off, got none — write for example ${name}@10`);
  }
  const metric = METRICS[kind as keyof typeof METRICS];
  const k = cut === undefined ? Number.POSITIVE_INFINITY : Number(cut);
  return (ranking) => metric(ranking, k);
}
