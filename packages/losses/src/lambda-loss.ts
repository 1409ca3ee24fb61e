import { and, GraphError, greater, max, mul, reduceSum, scope, softplus, where } from '@rag/onnx';
import { gains, swapWeights } from './dcg.js';
import { anyDocument, overGroups, readGroups } from './groups.js';
import { expectPositive, type GroupInputs, type Loss } from './loss.js';
import { differences, orderedPairs } from './pairs.js';
import { ranks, withinFirst } from './ranks.js';

export interface LambdaLossOptions {
  /** nDCG@k: the best k alone count in the ideal, and a pair needs one of its two among the first k. All by default. */
  readonly k?: number;
  /** Steepness of the pair's logistic loss; 1 by default. */
  readonly sigma?: number;
  /** Share of the NDCG-Loss2 weight beside LambdaRank's, μ; 10 by default, 0 is LambdaRank. */
  readonly mu?: number;
}

/**
 * LambdaLoss with the NDCG-Loss2++ weights: pairs matter by what they can do to nDCG.
 *
 * Formula: ℓ = Σ over pairs with y_i > y_j of (ρ_ij + μ·δ_ij)·|G_i − G_j|·log₂(1 + exp(−σ(z_i − z_j))), where r is the
 * rank by the current logits (the earlier position first among equals), D(r) = log₂(1 + r), G = (2^y − 1)/maxDCG,
 * ρ = |1/D(r_i) − 1/D(r_j)| and δ = |1/D(|r_i − r_j|) − 1/D(|r_i − r_j| + 1)|.
 * Inputs: logits z, labels y ≥ 0 (grades; one below 0 has the gain of 0), mask; all [groups, size].
 * Weight: groups with a pair, since maxDCG has made each group one unit already.
 * Reference: Wang et al. 2018 (https://doi.org/10.1145/3269206.3271784); sentence-transformers'
 * LambdaLoss with NDCGLoss2PPScheme, whose mean is over pairs and whose k keeps pairs of two among the first k only.
 * Neighbours: `rankNet` weighs by label gap alone; `groupSoftmax` is the usual first choice for one positive.
 * Degenerate: a group of equal labels, without a label above 0, of one document, or of filler only adds 0 to both.
 * Ranks come from comparisons: the weights are piecewise constant and carry no gradient.
 * Throws `GraphError` where k is not a positive integer, sigma not above 0 or mu below 0.
 */
export function lambdaLoss(inputs: GroupInputs, options: LambdaLossOptions = {}): Loss {
  const { k, sigma = 1, mu = 10 } = options;
  if (k !== undefined && !(Number.isSafeInteger(k) && k > 0))
    throw new GraphError('lambdaLoss', `expected a positive integer k, got ${k}`);
  if (!(mu >= 0) || !Number.isFinite(mu))
    throw new GraphError('lambdaLoss', `expected mu of at least 0, got ${mu}`);
  expectPositive('lambdaLoss', 'sigma', sigma);
  return scope('lambdaLoss', () => {
    const groups = readGroups('lambdaLoss', inputs);
    const labels = max(groups.read('labels', inputs.labels), 0);
    const rank = ranks(groups.logits, groups.real);
    const { ordered } = orderedPairs(groups, labels);
    const steps = differences(gains(labels, groups.real, k));
    const weights = mul(swapWeights(rank, mu), steps);
    const losses = mul(softplus(mul(differences(groups.logits), -sigma)), 1 / Math.LN2);
    const counted = k === undefined ? ordered : and(ordered, withinFirst(rank, k));
    const perGroup = reduceSum(where(counted, mul(weights, losses), 0), [1, 2]);
    return overGroups(groups, perGroup, anyDocument(greater(reduceSum(where(ordered, steps, 0), [2]), 0)));
  });
}
