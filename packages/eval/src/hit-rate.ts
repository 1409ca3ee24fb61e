import { checkCutoff } from './cutoff.js';
import type { Ranking } from './ranking.js';

/**
 * Hit rate of one query: 1 when a relevant passage is among the first k, else 0 (trec_eval `success`).
 *
 * Ties: when only m of a group's n places are inside the cut, a hit there has probability 1 − C(n−r, m)/C(n, m).
 *
 * @param k cut-off in ranks
 * @returns a number in [0, 1]
 */
export function hitRate(ranking: Ranking, k: number): number {
  checkCutoff('hit-rate', k);
  const group = ranking.groups.find((candidate) => candidate.relevant > 0);
  if (group === undefined) return 0;
  const inside = Math.min(group.size, k - group.start);
  let miss = 1;
  for (let i = 0; i < inside; i++) miss *= Math.max(0, group.size - group.relevant - i) / (group.size - i);
  return 1 - miss;
}
