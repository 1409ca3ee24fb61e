import type { ModelCardMetric } from '@rag/models';
import type { MetricIntervals } from './report-table.js';

/** What a model is held against, by metric. */
export interface Baselines {
  readonly bm25?: MetricIntervals | undefined;
  readonly chance?: Readonly<Record<string, { mean: number }>> | undefined;
}

/** Metrics after training with their intervals, beside those before, of BM25 and of chance. */
export const heldOutMetrics = (
  before: MetricIntervals,
  after: MetricIntervals,
  { bm25, chance }: Baselines = {},
): ModelCardMetric[] =>
  Object.entries(after).map(([name, { mean, low, high }]) => ({
    name,
    mean,
    low,
    high,
    ...(before[name] && { before: before[name].mean }),
    ...(bm25?.[name] && { bm25: bm25[name].mean }),
    ...(chance?.[name] && { chance: chance[name].mean }),
  }));
