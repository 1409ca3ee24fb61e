import { and, equal, not, scope } from '@rag/onnx';
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
 * List-wise cross-entropy: each query's documents against the softmax of their labels, zeros left out.
 *
 * Formula: ℓ = −Σ_d t_d·log softmax(z)_d, with t the softmax over the **non-zero** labels' values and 0 at label 0:
 * labels [2, 1, 0, 0] give t = [0.731, 0.269, 0, 0].
 * Inputs: logits z, labels y (any numbers; negative ones count as non-zero), mask; all [groups, size].
 * Weight: groups that have two documents or more, one of them with a label other than 0.
 * Reference: RAG-Retrieval's `listwise_ce`, which is NaN for a group without a non-zero label; ListNet's top-one
 * cross-entropy (Cao et al. 2007, https://doi.org/10.1145/1273496.1273513), which keeps the zeros in the target.
 * Neighbours: `groupSoftmax` shares the target in proportion to the labels; `klDivergence` takes it from a teacher.
 * Degenerate: a group of zero labels, of one document, or of filler only adds 0 to both; equal labels share the target
 * evenly.
 */
export function listwiseCrossEntropy(inputs: GroupInputs): Loss {
  return scope('listwiseCrossEntropy', () => {
    const groups = readGroups('listwiseCrossEntropy', inputs);
    const labels = groups.read('labels', inputs.labels);
    const judged = and(groups.real, not(equal(labels, 0)));
    const target = probabilities(labels, judged);
    const losses = crossEntropy(target, logProbabilities(groups.logits, groups.real));
    return overGroups(groups, losses, anyDocument(judged));
  });
}
