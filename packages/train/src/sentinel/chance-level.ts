import type { ChanceLevel } from './sentinel.js';

/** Losses of one pair or two at a time, which are ln 2 where all scores are equal. */
const OF_TWO: readonly string[] = [
  'pointwise_bce',
  'classfication',
  'point_ce',
  'pairwise_ranknet',
  'ranknet',
];

/** Cross-entropies over the candidates of a query. */
const OF_CANDIDATES: readonly string[] = ['group_softmax', 'infonce'];

/**
 * Where the loss of a model stands that gives every passage one score.
 * @param candidates passages that a query is compared with, its own included; undefined where that varies
 * @returns undefined for losses that have no such level
 */
export function chanceLevel(loss: string, candidates: number | undefined): ChanceLevel | undefined {
  if (OF_TWO.includes(loss)) return { loss: Math.LN2, name: 'ln 2' };
  if (!OF_CANDIDATES.includes(loss) || candidates === undefined || candidates < 2) return undefined;
  return { loss: Math.log(candidates), name: `ln ${candidates}` };
}
