import { GraphError, lessOrEqual, mul, or, reduceSum, scope, sub, type Value, where } from '@rag/onnx';
import { expectInBatch, type InBatchInputs, isTarget } from './in-batch-softmax.js';

export interface FalseNegativeOptions {
  /** How far below the positive's similarity a candidate must stay to be a negative. Default 0. */
  readonly margin?: number;
  /** `absolute`: above g⁺ − margin is masked; `relative`: above g⁺·(1 − margin). Default `absolute`. */
  readonly strategy?: 'absolute' | 'relative';
}

/**
 * The mask of `inBatchSoftmax` without candidates that a guide model finds as near to the query as its positive: what
 * nobody labelled, yet is likely to be relevant, is not pushed away.
 *
 * Formula: mask(q, c) and (c = t or g(q,c) ≤ g(q,t) − margin), or ≤ g(q,t)·(1 − margin)
 * Inputs: the guide's similarities g [queries, candidates], target [queries], mask [queries, candidates].
 * Result: the mask [queries, candidates], 0 where ruled out; no gradient passes to g.
 * Reference: Solatorio 2024, GISTEmbed (https://arxiv.org/abs/2402.16829); sentence-transformers' GISTEmbedLoss, whose
 * `margin_strategy` is `strategy`; NV-Retriever's positive-aware mining (https://arxiv.org/abs/2407.15831).
 * Degenerate: a positive is never masked; without a target column nothing is; a similarity that is NaN is masked.
 * Throws `GraphError` where types do not fit, for a margin that is not a number, or another strategy.
 */
export function falseNegativeMask(
  { guide, target, mask }: { readonly guide: Value } & Pick<InBatchInputs, 'target' | 'mask'>,
  { margin = 0, strategy = 'absolute' }: FalseNegativeOptions = {},
): Value {
  expectInBatch('falseNegativeMask', { scores: guide, target, mask });
  if (!Number.isFinite(margin))
    throw new GraphError(
      'falseNegativeMask',
      `expected a margin, got ${margin} — give a number, such as 0.05`,
    );
  if (strategy !== 'absolute' && strategy !== 'relative')
    throw new GraphError(
      'falseNegativeMask',
      `expected strategy absolute or relative, got "${strategy}" — choose one`,
    );
  return scope('falseNegativeMask', () => {
    const own = isTarget(guide, target);
    const positive = reduceSum(where(own, guide, 0), [1], true);
    const bound = strategy === 'absolute' ? sub(positive, margin) : mul(positive, 1 - margin);
    return where(or(own, lessOrEqual(guide, bound)), mask, 0);
  });
}
