import { checkCutoff } from './cutoff.js';
import type { Ranking } from './ranking.js';

/** How a grade becomes a gain: itself (`linear`, trec_eval) or 2^grade − 1 (`exponential`, Burges et al. 2005). */
export type Gain = 'linear' | 'exponential';

/**
 * Normalized discounted cumulative gain at k of one query: DCG / ideal DCG, with
 * DCG = Σ_{i ≤ k} gain(grade_i) / log2(i + 1). The ideal order sorts every judged passage by grade and is cut at k too.
 *
 * The default gain is linear, as in trec_eval's `ndcg_cut`; learning-to-rank papers often mean the exponential one. The
 * two agree on binary grades.
 *
 * Ties: every place of a group gets the group's mean gain.
 *
 * References: Järvelin & Kekäläinen, TOIS 20(4), 2002; Burges et al., ICML 2005 (exponential gain).
 *
 * @param k cut-off in ranks, default the whole ranking
 * @returns a number in [0, 1]; 0 when nothing is relevant
 */
export function ndcg(ranking: Ranking, k = Number.POSITIVE_INFINITY, gain: Gain = 'linear'): number {
  checkCutoff('ndcg', k);
  const gainOf = (grade: number) => (gain === 'linear' ? grade : 2 ** grade - 1);
  let ideal = 0;
  for (let i = 0; i < Math.min(k, ranking.ideal.length); i++)
    ideal += gainOf(ranking.ideal[i]!) / Math.log2(i + 2);
  if (ideal === 0) return 0;
  let dcg = 0;
  for (const { start, size, relevant, grades } of ranking.groups) {
    if (relevant === 0) continue;
    const meanGain = grades.reduce((sum, grade) => sum + gainOf(grade), 0) / size;
    for (let i = start; i < Math.min(k, start + size); i++) dcg += meanGain / Math.log2(i + 2);
  }
  return dcg / ideal;
}
