import { mul, neg, reduceSum, scope, softplus, where } from '@rag/onnx';
import { readGroups } from './groups.js';
import type { GroupInputs, Loss } from './loss.js';
import { differences, orderedPairs } from './pairs.js';

/**
 * RankNet over the pairs of each group, weighted by the label gap.
 *
 * Formula: Σ over pairs (i, j) of one group with y_i > y_j of (y_i − y_j)·softplus(−(z_i − z_j))
 * Inputs: logits z, labels y (any numbers, minus the rank too), mask; all [groups, size].
 * Weight: pairs, so that the loss is the mean over them.
 * Reference: Burges et al. 2005 (https://doi.org/10.1145/1102351.1102363); RAG-Retrieval's `pairwise_ranknet`, which
 * pairs documents over the whole batch, of different queries too. One group that holds the batch does that:
 * `unsqueeze(logits, [0])` makes [batch] into [1, batch], labels and mask alike. Pairs then depend on the batch, and
 * micro-batches equal one batch only with proper groups.
 * Neighbours: `lambdaLoss` weighs pairs by what their swap does to nDCG; `marginMse` asks for a teacher's margin.
 * Degenerate: equal labels make no pair, so a group of ties, of one document, or of filler only adds 0 to both
 * (RAG-Retrieval: NaN).
 */
export function rankNet(inputs: GroupInputs): Loss {
  return scope('rankNet', () => {
    const groups = readGroups('rankNet', inputs);
    const { ordered, gap, count } = orderedPairs(groups, groups.read('labels', inputs.labels));
    const losses = mul(gap, softplus(neg(differences(groups.logits))));
    return { sum: reduceSum(where(ordered, losses, 0)), weight: count };
  });
}
