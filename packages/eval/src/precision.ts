import { checkCutoff } from './cutoff.js';
import type { Ranking } from './ranking.js';
import { relevantWithin } from './recall.js';

/**
 * Precision at k of one query: (relevant passages among the first k) / k. As in trec_eval's `P`, the divisor is k even
 * when fewer passages were ranked.
 *
 * @param k cut-off in ranks, finite
 * @returns a number in [0, 1]
 */
export function precision(ranking: Ranking, k: number): number {
  checkCutoff('precision', k);
  if (k === Number.POSITIVE_INFINITY) {
    throw new RangeError(
      'precision: k expected a positive integer of ranks, got none — write for example precision@10',
    );
  }
  return relevantWithin(ranking, k) / k;
}
