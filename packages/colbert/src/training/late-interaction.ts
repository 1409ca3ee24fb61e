import {
  concat,
  gather,
  matmul,
  mul,
  reduceMax,
  reduceSum,
  reshape,
  shapeOf,
  transpose,
  unsqueeze,
  type Value,
} from '@rag/onnx';

/** Where the vectors of the queries and candidates of an in-batch loss stand in `token_vectors` [tokens, dim]. */
export interface CrossIndex {
  /** int64 [query_tokens]: the rows of all queries' vectors, one query behind the other. */
  readonly query_index: Value;
  /** [queries, query_tokens]: what a query's vectors count (1, or 1 / their number), 0 for those of others. */
  readonly query_weight: Value;
  /** int64 [candidates, candidate_tokens]: the rows of each candidate's vectors, filled up with one of its own. */
  readonly candidate_index: Value;
}

/** Where the vectors of queries and of each one's own list stand in `token_vectors` [tokens, dim]. */
export interface ListIndex {
  /** int64 [queries, query_tokens] */
  readonly query_index: Value;
  /** [queries, query_tokens], 0 for filler. */
  readonly query_weight: Value;
  /** int64 [queries, size, candidate_tokens], filled up with a row of the same candidate. */
  readonly candidate_index: Value;
}

/**
 * MaxSim of every query with every candidate, [queries, candidates]: Σ_i weight_i · max_j q_i·d_j
 * (ColBERT, https://arxiv.org/abs/2004.12832, equation 3).
 *
 * A candidate with fewer tokens repeats a row of its own, which changes no maximum; the gradient of equal maxima is
 * shared among them and meets again in that row. So there is no mask, and no copy of the products for one.
 *
 * Memory: N = query_tokens × candidates × candidate_tokens products, candidate_tokens being the longest candidate's. Scoring
 * holds 4·N bytes; a training step's peak was measured at 11·N on ONNX Runtime's CPU provider (products, the mask of the
 * maxima, that mask as numbers, the gradient), beside 8·dim bytes for each gathered row: 32 queries of 16 tokens against 512
 * candidates of 128 tokens take 0.37 GB, of 512 tokens 1.5 GB. GradCache bounds the encoder's memory, not this.
 */
export function crossScores(
  vectors: Value,
  { query_index, query_weight, candidate_index }: CrossIndex,
): Value {
  const dim = vectors.shape[1] as number;
  const queries = gather(vectors, query_index);
  const candidates = reshape(gather(vectors, candidate_index), [-1, dim]);
  const products = matmul(queries, transpose(candidates));
  const shape = concat([shapeOf(query_index), shapeOf(candidate_index)], 0);
  return matmul(query_weight, reduceMax(reshape(products, shape), [2]));
}

/**
 * MaxSim of every query with the candidates of its own list, [queries, size].
 *
 * Memory: as `crossScores`, with N = queries × query_tokens × size × candidate_tokens products, query_tokens being the
 * longest query's.
 */
export function listScores(vectors: Value, { query_index, query_weight, candidate_index }: ListIndex): Value {
  const queries = unsqueeze(gather(vectors, query_index), [1]);
  const candidates = gather(vectors, candidate_index);
  const best = reduceMax(matmul(queries, transpose(candidates)), [3]);
  return reduceSum(mul(best, unsqueeze(query_weight, [1])), [2]);
}
