import { checkCutoff } from './cutoff.js';
import type { Ranking } from './ranking.js';

/**
 * Recall at k of one query: (relevant passages among the first k) / R, where R counts every judged relevant passage,
 * those the system did not return included (trec_eval `recall`). It can stay below 1 at k < R.
 *
 * @param k cut-off in ranks
 * @returns a number in [0, 1]; 0 when R = 0
 */
export function recall(ranking: Ranking, k: number): number {
  checkCutoff('recall', k);
  return ranking.relevant === 0 ? 0 : relevantWithin(ranking, k) / ranking.relevant;
}

/** Expected number of relevant passages among the first k: a group cut after m of n places gives r·m/n. */
export function relevantWithin(ranking: Ranking, k: number): number {
  let found = 0;
  for (const { start, size, relevant } of ranking.groups) {
    found += (relevant * Math.min(size, Math.max(0, k - start))) / size;
  }
  return found;
}
