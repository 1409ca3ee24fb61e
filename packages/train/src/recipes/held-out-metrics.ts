import type { ModelCardMetric } from '@rag/models';
import type { MetricIntervals } from './report-table.js';

/** Metrics after training with their intervals, beside those before. */
export const heldOutMetrics = (before: MetricIntervals, after: MetricIntervals): ModelCardMetric[] =>
  Object.entries(after).map(([name, { mean, low, high }]) => ({
    name,
    mean,
    low,
    high,
    ...(before[name] && { before: before[name].mean }),
  }));
