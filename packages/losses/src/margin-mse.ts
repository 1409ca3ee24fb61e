import { mul, reduceSum, scope, sub, where } from '@rag/onnx';
import { readGroups } from './groups.js';
import type { GroupInputs, Loss } from './loss.js';
import { differences, orderedPairs } from './pairs.js';

/**
 * MarginMSE: the margin between a better and a worse document shall be the teacher's.
 *
 * Formula: Σ over pairs (i, j) of one group with y_i > y_j of ((z_i − z_j) − (u_i − u_j))²
 * Inputs: logits z, labels y (which of two is the better), mask, teacher_scores u, raw scores on the scale that the
 * logits shall take; all [groups, size]. One positive and n negatives make n pairs.
 * Weight: pairs.
 * Reference: Hofstätter et al. 2020 (https://arxiv.org/abs/2010.02666); sentence-transformers' MarginMSELoss.
 * Neighbours: `klDivergence` matches the whole list and is blind to the scale; `rankNet` needs no teacher.
 * Degenerate: equal labels make no pair, so a group of ties, of one document, or of filler only adds 0 to both.
 * Throws `GraphError` without teacher_scores.
 */
export function marginMse(inputs: GroupInputs): Loss {
  return scope('marginMse', () => {
    const groups = readGroups('marginMse', inputs);
    const { ordered, count } = orderedPairs(groups, groups.read('labels', inputs.labels));
    const teacher = groups.read('teacher_scores', inputs.teacher_scores);
    const error = where(ordered, sub(differences(groups.logits), differences(teacher)), 0);
    return { sum: reduceSum(mul(error, error)), weight: count };
  });
}
