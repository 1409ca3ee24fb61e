import {
  and,
  cast,
  equal,
  greater,
  mul,
  neg,
  or,
  range,
  reduceSum,
  scope,
  shapeOf,
  slice,
  squeeze,
  unsqueeze,
  type Value,
  where,
} from '@rag/onnx';
import { logProbabilities } from './groups.js';
import { expectFits, expectFloats, expectPositive, type Loss } from './loss.js';

/** What an in-batch loss reads: each query's scores of the candidates of the whole batch. */
export interface InBatchInputs {
  /** [queries, candidates], floating point: similarities, not yet divided by the temperature. */
  readonly scores: Value;
  /** int64 [queries]: the column of the query's own positive. */
  readonly target: Value;
  /** [queries, candidates], 1 where the column is a candidate for the query; its target always is, whatever stands there. */
  readonly mask: Value;
  /** [queries], 1 for a query, 0 for filler; a fraction weighs a query less. Every query counts 1 without it. */
  readonly row_weight?: Value;
}

export interface InBatchOptions {
  /** Divides the scores. Default 0.02, the originals' for cosines. */
  readonly temperature?: number;
}

export type InBatchLoss = (inputs: InBatchInputs, options?: InBatchOptions) => Loss;

/** Where a column is its query's target, bool [queries, candidates]; target is int64 [queries]. */
export function isTarget(scores: Value, target: Value): Value {
  const candidates = squeeze(slice(shapeOf(scores), [1], [2], [0]), [0]);
  return equal(unsqueeze(target, [1]), unsqueeze(range(candidates), [0]));
}

/** Checks the types of what every function of in-batch scores reads; throws `GraphError`. */
export function expectInBatch(loss: string, { scores, target, mask, row_weight }: InBatchInputs): void {
  expectFloats(loss, 'scores', scores, ['queries', 'candidates']);
  const queries = [scores.shape[0]!];
  expectFits(loss, 'target', target, { dtype: 'int64', shape: queries });
  expectFits(loss, 'mask', mask, scores);
  if (row_weight) expectFits(loss, 'row_weight', row_weight, { dtype: scores.dtype, shape: queries });
}

/**
 * Softmax cross-entropy of each query's own positive against the other candidates of the batch (InfoNCE).
 *
 * Formula: ℓ_q = −log( e^{s(q,t)/T} / Σ_c e^{s(q,c)/T} ), c over the candidates of q by the mask and its target t.
 * Inputs: scores s [queries, candidates], target [queries], mask [queries, candidates], row_weight [queries] optional.
 * The mask makes the kinds: every positive of the batch (pairs); the own positive and every negative of the batch
 * (triplets, as the originals have it); both; without what `falseNegativeMask` or equal texts rule out.
 * Weight: rows, that is queries (Σ row_weight).
 * Reference: van den Oord et al. 2018 (https://arxiv.org/abs/1807.03748); RAG-Retrieval's `pair_inbatch_softmax_loss`,
 * `triplet_inbatch_softmax_loss` and ColBERT loss; sentence-transformers' MultipleNegativesRankingLoss (scale = 1/T).
 * Neighbours: `groupSoftmax` compares a query's own list only; `falseNegativeMask` says what not to push away.
 * Degenerate: a query without another candidate has loss 0 and counts, as in the originals' mean; filler, and a query
 * whose target is no column (−1), adds 0 to both; scores under filler or outside the mask can be anything, even NaN.
 * Throws `GraphError` where types do not fit or the temperature is not above 0.
 */
export function inBatchSoftmax(inputs: InBatchInputs, options: InBatchOptions = {}): Loss {
  const { scores, target, mask, row_weight } = inputs;
  expectInBatch('inBatchSoftmax', inputs);
  const temperature = expectPositive('inBatchSoftmax', 'temperature', options.temperature ?? 0.02);
  return scope('inBatchSoftmax', () => {
    const own = isTarget(scores, target);
    const candidate = or(own, greater(mask, 0));
    const chosen = row_weight ? and(candidate, unsqueeze(greater(row_weight, 0), [1])) : candidate;
    const logP = logProbabilities(mul(where(chosen, scores, 0), 1 / temperature), chosen);
    const losses = neg(reduceSum(where(own, logP, 0), [1]));
    const aimed = reduceSum(cast(own, scores.dtype), [1]);
    const weights = row_weight ? mul(aimed, row_weight) : aimed;
    return { sum: reduceSum(mul(losses, weights)), weight: reduceSum(weights) };
  });
}
