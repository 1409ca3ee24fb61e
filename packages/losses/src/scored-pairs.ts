import { constant, expandLike, greater, log, reduceSum, type Value, where } from '@rag/onnx';
import { expectFits, expectFloats } from './loss.js';

/** What a loss over scored pairs reads: one score per (query, passage) or (sentence, sentence), and what it should be. */
export interface PairScoreInputs {
  /** [rows], floating point: similarities. */
  readonly scores: Value;
  /** [rows], of the same dtype: a teacher's scores, or degrees of similarity. */
  readonly labels: Value;
  /** [rows], 1 for a pair, 0 for filler, 2 for a pair that stands there twice. Every pair counts 1 without it. */
  readonly row_weight?: Value;
}

/** The scored pairs of a batch, with filler out of the way. */
export interface ScoredPairs {
  /** Pairs, not filler; bool [rows]. */
  readonly real: Value;
  /** [rows], 0 under filler. */
  readonly scores: Value;
  /** [rows], 0 under filler. */
  readonly labels: Value;
  /** log row_weight [rows], 0 under filler. */
  readonly logWeights: Value;
  /** Σ row_weight. */
  readonly weight: Value;
}

/** Reads the inputs of a loss over scored pairs; throws `GraphError` where types do not fit. */
export function readPairs(loss: string, { scores, labels, row_weight }: PairScoreInputs): ScoredPairs {
  expectFloats(loss, 'scores', scores, ['rows']);
  expectFits(loss, 'labels', labels, scores);
  if (row_weight) expectFits(loss, 'row_weight', row_weight, scores);
  const weights = row_weight ?? expandLike(constant(1, scores.dtype), scores);
  const real = greater(weights, 0);
  return {
    real,
    scores: where(real, scores, 0),
    labels: where(real, labels, 0),
    logWeights: log(where(real, weights, 1)),
    weight: reduceSum(weights),
  };
}
