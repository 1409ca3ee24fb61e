import { checkCutoff } from './cutoff.js';
import type { Ranking } from './ranking.js';

/**
 * Average precision of one query: (1/R) · Σ over the ranks i ≤ k of relevant passages of precision@i. Its mean over
 * queries is MAP. As in trec_eval's `map` and `map_cut`, R counts every judged relevant passage and is not capped by k.
 *
 * Ties: at place j (1-based) of a group of n passages with r relevant ones, after s passages with t relevant ones, the
 * expected term is r/n · (t + 1 + (j−1)(r−1)/(n−1)) / (s + j).
 *
 * Reference: Buckley & Voorhees, "Evaluating Evaluation Measure Stability", SIGIR 2000.
 *
 * @param k cut-off in ranks, default the whole ranking
 * @returns a number in [0, 1]; 0 when R = 0
 */
export function averagePrecision(ranking: Ranking, k = Number.POSITIVE_INFINITY): number {
  checkCutoff('map', k);
  if (ranking.relevant === 0) return 0;
  let sum = 0;
  let above = 0;
  for (const { start, size, relevant } of ranking.groups) {
    if (relevant > 0) {
      const othersPerPlace = size > 1 ? (relevant - 1) / (size - 1) : 0;
      for (let j = 1; j <= size && start + j <= k; j++) {
        sum += ((relevant / size) * (above + 1 + (j - 1) * othersPerPlace)) / (start + j);
      }
    }
    above += relevant;
  }
  return sum / ranking.relevant;
}
