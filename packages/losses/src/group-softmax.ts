import { add, div, greater, max, reduceSum, scope, where } from '@rag/onnx';
import {
  anyDocument,
  crossEntropy,
  logProbabilities,
  overGroups,
  probabilities,
  readGroups,
} from './groups.js';
import type { GroupInputs, Loss } from './loss.js';

/**
 * Softmax cross-entropy of each query's documents against its positive, optionally with a teacher's distribution.
 *
 * Formula: ℓ = −Σ_d t_d·log softmax(z)_d with t = max(y, 0) / Σ max(y, 0): one-hot for one positive, shared evenly by
 * several. With teacher scores u: ℓ − Σ_d softmax(u)_d·log softmax(z)_d. No temperature.
 * Inputs: logits z, labels y ≥ 0 (the positive 1, wherever it stands), mask and, for distillation, teacher_scores u;
 * all [groups, size].
 * Weight: groups that have two documents or more, one of them with a label above 0.
 * Reference: FlagEmbedding's reranker, whose positive is always the first and whose knowledge distillation adds the
 * second term (https://github.com/FlagOpen/FlagEmbedding, abc/finetune/reranker/AbsModeling.py).
 * Neighbours: `listwiseCrossEntropy` takes the softmax of the labels as its target; `klDivergence` is the second term
 * alone, less the teacher's entropy.
 * Degenerate: a group without a positive, of one document, or of filler only adds 0 to both.
 */
export function groupSoftmax(inputs: GroupInputs): Loss {
  return scope('groupSoftmax', () => {
    const groups = readGroups('groupSoftmax', inputs);
    const relevance = max(groups.read('labels', inputs.labels), 0);
    const total = reduceSum(relevance, [1], true);
    const target = div(relevance, where(greater(total, 0), total, 1));
    const logP = logProbabilities(groups.logits, groups.real);
    const hard = crossEntropy(target, logP);
    const counted = anyDocument(greater(relevance, 0));
    if (!inputs.teacher_scores) return overGroups(groups, hard, counted);
    const teacher = probabilities(groups.read('teacher_scores', inputs.teacher_scores), groups.real);
    return overGroups(groups, add(hard, crossEntropy(teacher, logP)), counted);
  });
}
