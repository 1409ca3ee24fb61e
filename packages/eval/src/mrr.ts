import { checkCutoff } from './cutoff.js';
import type { Ranking } from './ranking.js';

/**
 * Reciprocal rank of one query: 1 / rank of the first relevant passage, 0 when none is among the first k.
 * Its mean over queries is MRR@k (trec_eval `recip_rank`; MS MARCO's MRR@10 is k = 10).
 *
 * Ties: in a group of n passages with r relevant ones after s others, the first relevant one stands at place j
 * (0-based) with probability r/(n−j) · Π_{i<j} (n−r−i)/(n−i).
 *
 * Reference: Voorhees, "The TREC-8 Question Answering Track Report", TREC 1999.
 *
 * @param k cut-off in ranks, default the whole ranking
 * @returns a number in [0, 1]
 */
export function mrr(ranking: Ranking, k = Number.POSITIVE_INFINITY): number {
  checkCutoff('mrr', k);
  const group = ranking.groups.find((candidate) => candidate.relevant > 0);
  if (group === undefined) return 0;
  const { start, size, relevant } = group;
  const last = Math.min(size - relevant, k - start - 1);
  let expected = 0;
  let noneBefore = 1;
  for (let j = 0; j <= last; j++) {
    expected += (noneBefore * relevant) / (size - j) / (start + j + 1);
    noneBefore *= (size - relevant - j) / (size - j);
  }
  return expected;
}
