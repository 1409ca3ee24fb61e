import { at } from '@rag/data';

/** Which of the passages of the ranks become negatives. */
export interface NegativeRules {
  /** Negatives of a row. */
  readonly negatives: number;
  /** The best ones, or a random choice among the ranks. */
  readonly sampling: 'top' | 'random';
  readonly seed: number;
  /** A candidate below this score is dropped. */
  readonly minScore?: number;
  /** One above this score is dropped. */
  readonly maxScore?: number;
  /** One above the positive's score less this is dropped. */
  readonly absoluteMargin?: number;
  /**
   * One above (1 − this) of the positive's score is dropped: TopK-PercPos of NV-Retriever (https://arxiv.org/abs/2407.15831), whose 95 % are
   * 0.05 here. Of a negative score the share is added below it.
   */
  readonly relativeMargin?: number;
}

/** Rules over scores, in the order in which they are asked: a candidate counts for the first that drops it. */
export const scoreRules = ['max_score', 'min_score', 'absolute_margin', 'relative_margin'] as const;
export type ScoreRule = (typeof scoreRules)[number];

/**
 * The rule that drops a candidate; undefined where none does.
 * @param positive the row's lowest score of a positive
 */
export function droppedBy(
  score: number,
  positive: number,
  { minScore, maxScore, absoluteMargin, relativeMargin }: NegativeRules,
): ScoreRule | undefined {
  if (maxScore !== undefined && score > maxScore) return 'max_score';
  if (minScore !== undefined && score < minScore) return 'min_score';
  if (absoluteMargin !== undefined && score > positive - absoluteMargin) return 'absolute_margin';
  if (relativeMargin !== undefined && score > positive - Math.abs(positive) * relativeMargin)
    return 'relative_margin';
  return undefined;
}

/**
 * In which order candidates are asked for a row: by rank, or at random by seed and the row's place.
 * @param count of candidates, best first
 * @returns their places
 */
export function candidateOrder(
  count: number,
  row: number,
  { sampling, seed }: Pick<NegativeRules, 'sampling' | 'seed'>,
): number[] {
  if (sampling === 'top') return Array.from({ length: count }, (_, i) => i);
  return Array.from(at(seed, 'negatives', row).permutation(count));
}
