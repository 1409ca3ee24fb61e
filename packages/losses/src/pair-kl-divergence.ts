import { add, mul, reduceSum, scope, sub } from '@rag/onnx';
import { logProbabilities, probabilities } from './groups.js';
import { expectPositive, type Loss } from './loss.js';
import { type PairScoreInputs, readPairs } from './scored-pairs.js';

export interface PairKlDivergenceOptions {
  /** Divides scores and labels. Default 0.02, the original's. */
  readonly temperature?: number;
}

/**
 * Kullback-Leibler divergence of the batch's scores from the teacher's, under one softmax over all its pairs, whatever
 * their queries: what the original computes.
 *
 * Formula: Σ_i p_i·(log p_i − log q_i) with p = softmax(y/T), q = softmax(s/T) over the rows
 * Inputs: scores s [rows], labels y [rows] (the teacher's scores), row_weight [rows] optional.
 * Weight: rows (Σ row_weight). The loss per row is the original's `batchmean` of a vector, which falls as the batch
 * grows.
 * Reference: RAG-Retrieval's `pair_kl_loss`.
 * Neighbours: `klDivergence` takes one softmax per query's list, so that a row means the same in every batch.
 * Degenerate: one row has loss 0 and counts; filler adds 0 to both; equal labels are a uniform target.
 * Throws `GraphError` where types do not fit or the temperature is not above 0.
 */
export function pairKlDivergence(inputs: PairScoreInputs, options: PairKlDivergenceOptions = {}): Loss {
  const temperature = expectPositive('pairKlDivergence', 'temperature', options.temperature ?? 0.02);
  return scope('pairKlDivergence', () => {
    const { real, scores, labels, logWeights, weight } = readPairs('pairKlDivergence', inputs);
    const student = add(mul(scores, 1 / temperature), logWeights);
    const teacher = add(mul(labels, 1 / temperature), logWeights);
    const difference = sub(logProbabilities(teacher, real), logProbabilities(student, real));
    return { sum: reduceSum(mul(probabilities(teacher, real), difference)), weight };
  });
}
