import { mul, reduceSum, scope, sub } from '@rag/onnx';
import { logProbabilities, overGroups, probabilities, readGroups } from './groups.js';
import { expectPositive, type GroupInputs, type Loss } from './loss.js';

export interface KlDivergenceOptions {
  /** Divides the scores of both; above 1 it tells more of the teacher's order among the unlikely. Default 1. */
  readonly temperature?: number;
}

/**
 * Kullback-Leibler divergence of each query's list from the teacher's.
 *
 * Formula: ℓ = T²·Σ_d p_d·(log p_d − log q_d), p = softmax(u/T), q = softmax(z/T) over the documents of the query; T²
 * keeps the gradient's size when T changes.
 * Inputs: logits z, mask, teacher_scores u (raw scores); all [groups, size]. Labels are not read.
 * Weight: groups of two documents or more.
 * Reference: Hinton et al. 2015 (https://arxiv.org/abs/1503.02531), section 2; sentence-transformers' DistillKLDivLoss.
 * (RAG-Retrieval's `pair_kl_loss` runs over the rows of a batch, not over a query's list.)
 * Neighbours: `groupSoftmax` with teacher_scores adds the same gradient (T = 1) to that of the labels; `marginMse`
 * keeps the teacher's scale.
 * Degenerate: a group of one document or of filler only adds 0 to both; equal teacher scores are a uniform target.
 * Throws `GraphError` without teacher_scores or with a temperature that is not above 0.
 */
export function klDivergence(
  inputs: Pick<GroupInputs, 'logits' | 'mask' | 'teacher_scores'>,
  options: KlDivergenceOptions = {},
): Loss {
  const temperature = expectPositive('klDivergence', 'temperature', options.temperature ?? 1);
  return scope('klDivergence', () => {
    const groups = readGroups('klDivergence', inputs);
    const teacher = mul(groups.read('teacher_scores', inputs.teacher_scores), 1 / temperature);
    const logQ = logProbabilities(mul(groups.logits, 1 / temperature), groups.real);
    const logP = logProbabilities(teacher, groups.real);
    const p = probabilities(teacher, groups.real);
    const divergence = reduceSum(mul(p, sub(logP, logQ)), [1]);
    return overGroups(groups, mul(divergence, temperature * temperature));
  });
}
