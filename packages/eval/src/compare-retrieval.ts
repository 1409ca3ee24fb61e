import { bootstrapMean, type MeanInterval, type PairedDifference, pairedBootstrap } from './bootstrap.js';
import type { RetrievalEvaluation } from './evaluate-retrieval.js';
import type { ResampleOptions } from './interval.js';
import type { MetricName } from './metric.js';

/** Each metric's mean with its bootstrap interval over the evaluated queries; see `bootstrapMean`. */
export function retrievalIntervals<Name extends MetricName>(
  evaluation: Pick<RetrievalEvaluation<Name>, 'perQuery'>,
  options: ResampleOptions = {},
): Record<Name, MeanInterval> {
  const intervals = {} as Record<Name, MeanInterval>;
  for (const name of Object.keys(evaluation.perQuery) as Name[]) {
    intervals[name] = bootstrapMean(evaluation.perQuery[name], options);
  }
  return intervals;
}

/**
 * How much better `after` is than `before`, query by query; see `pairedBootstrap`.
 * @throws unless both evaluate the same queries in the same order, by the same metrics
 */
export function compareRetrieval<Name extends MetricName>(
  before: Pick<RetrievalEvaluation<Name>, 'perQuery' | 'queryIds'>,
  after: Pick<RetrievalEvaluation<Name>, 'perQuery' | 'queryIds'>,
  options: ResampleOptions = {},
): Record<Name, PairedDifference> {
  const length = Math.max(before.queryIds.length, after.queryIds.length);
  for (let i = 0; i < length; i++) {
    if (before.queryIds[i] !== after.queryIds[i]) {
      throw new Error(
        `compareRetrieval: query ${i} expected the same id in both, got "${before.queryIds[i]}" and "${after.queryIds[i]}" — evaluate both with the same qrels and withoutResults: 'zero'`,
      );
    }
  }
  const differences = {} as Record<Name, PairedDifference>;
  for (const name of Object.keys(before.perQuery) as Name[]) {
    const values = after.perQuery[name] as number[] | undefined;
    if (values === undefined) {
      throw new Error(
        `compareRetrieval: expected ${name} in both, got it only before — evaluate both by the same metrics`,
      );
    }
    differences[name] = pairedBootstrap(before.perQuery[name], values, options);
  }
  return differences;
}
